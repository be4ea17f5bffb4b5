"""``python -m mmuniformer``: the same as the command ``mmuniformer``."""

from .cli import main

if __name__ == '__main__':
    main()
