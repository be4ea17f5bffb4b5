"""Reproduce the tables of the paper."""
