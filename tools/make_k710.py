"""``mmuniformer make-k710`` as a script."""

from mmuniformer.cli import run

run('make-k710')
