"""``mmuniformer train`` as a script, which mim runs."""

from mmuniformer.cli.train import main

if __name__ == '__main__':
    main()
