"""Modules that toolboxes import and that may be missing: from PyPI, from Python or from a wheel.

A module that is installed is never replaced.
"""
