"""``mmuniformer web`` as a script."""

from mmuniformer.cli import run

if __name__ == '__main__':
    run('web')
