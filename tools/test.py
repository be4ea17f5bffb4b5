"""``mmuniformer test`` as a script, which mim runs."""

from mmuniformer.cli.test import main

if __name__ == '__main__':
    main()
