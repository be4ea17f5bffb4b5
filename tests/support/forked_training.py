"""``tools/train.py`` in a child of a server that has imported everything: a second, not ten.

A child is like a process of its own: it ends by the signal it gets, and leaves nothing in memory.
"""

import multiprocessing
import os
import sys
from pathlib import Path

SLOW_IMPORTS = ['mmengine.runner', 'mmpretrain.datasets', 'mmpretrain.models', 'mmuniformer']


def _train(arguments: list[str], folder: Path, env: dict[str, str], log: Path) -> None:
    from tool_modules import load_tool

    os.environ.update(env)
    os.chdir(folder)
    with log.open('w') as output:
        for stream in (1, 2):
            os.dup2(output.fileno(), stream)
    sys.argv = ['train.py', *arguments]
    load_tool('train').main()


def start(
    arguments: list[str], folder: Path, env: dict[str, str], log: Path
) -> multiprocessing.Process:
    context = multiprocessing.get_context('forkserver')
    context.set_forkserver_preload(SLOW_IMPORTS)
    process = context.Process(target=_train, args=(arguments, folder, env, log))
    process.start()
    return process
