"""``mmuniformer make-k710`` as a script."""

from mmuniformer.cli import run

if __name__ == '__main__':
    run('make-k710')
