"""Data sets: small drawn ones in the on-disk formats of real ones, and lists of Kinetics-710."""
