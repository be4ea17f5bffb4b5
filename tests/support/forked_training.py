"""``mmuniformer train`` in a child of a server that has imported everything: a second, not ten.

A child is like a process of its own: it ends by the signal it gets, and leaves nothing in memory.
"""

import multiprocessing
import os
from pathlib import Path

SLOW_IMPORTS = ['mmengine.runner', 'mmpretrain.datasets', 'mmpretrain.models', 'mmuniformer']


def _train(arguments: list[str], folder: Path, env: dict[str, str], log: Path) -> None:
    from mmuniformer.cli import run

    os.environ.update(env)
    os.chdir(folder)
    with log.open('w') as output:
        for stream in (1, 2):
            os.dup2(output.fileno(), stream)
    run('train', arguments)


def start(
    arguments: list[str], folder: Path, env: dict[str, str], log: Path
) -> multiprocessing.Process:
    context = multiprocessing.get_context('forkserver')
    context.set_forkserver_preload(SLOW_IMPORTS)
    process = context.Process(target=_train, args=(arguments, folder, env, log))
    process.start()
    return process
