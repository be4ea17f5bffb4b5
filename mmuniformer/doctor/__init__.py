"""Check what is installed, find known faults and say how to fix them.

This package imports only the standard library and nothing else of mmuniformer, so that it runs even
if the rest cannot be imported. Packages to check are imported in separate processes.
"""
