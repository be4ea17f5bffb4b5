"""What the command line does, as functions to import."""
