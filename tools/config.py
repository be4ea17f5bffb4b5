"""``mmuniformer config`` as a script."""

from mmuniformer.cli import run

if __name__ == '__main__':
    run('config')
