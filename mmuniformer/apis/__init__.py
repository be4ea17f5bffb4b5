"""What a user imports beside the networks: models of configs, and what can be done with them."""
