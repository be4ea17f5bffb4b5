"""What is installed, which known faults it has and how to fix them.

This package imports nothing of mmuniformer and nothing but the standard library, so that it runs
where the rest does not import. What it looks at is imported in processes of their own.
"""
