"""``mmuniformer test`` as a script, which mim runs."""

from mmuniformer.cli import run

if __name__ == '__main__':
    run('test')
