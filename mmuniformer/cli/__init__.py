"""The command line: ``mmuniformer COMMAND``, the same as ``python -m mmuniformer COMMAND``.

Each command is a module of this package, named like the command with underscores for dashes. It has
``make_parser() -> argparse.ArgumentParser`` and ``main(argv=None) -> int | None``, which reads the
arguments, calls :mod:`mmuniformer.apis` or :mod:`mmuniformer.data` and returns the exit status.
It is imported when it is called, so that ``mmuniformer doctor`` runs where torch does not import.
"""

from __future__ import annotations

import importlib
import sys
import traceback
import warnings
from collections.abc import Sequence
from difflib import get_close_matches
from typing import NoReturn

# Command → what `mmuniformer --help` says about it, in groups.
GROUPS = {
    'Train and evaluate': {
        'train': 'train a model of any toolbox',
        'test': 'evaluate a checkpoint of any toolbox',
    },
    'Use a model': {
        'demo': 'draw what a model finds in images, videos and cameras',
        'web': 'serve a page that draws what a model finds',
        'visualize': 'draw what a network sees: CAMs, attention, features',
        'export': 'write a model as ONNX or torch.export, and check the file',
    },
    'Measure': {
        'complexity': 'count parameters and FLOPs of the models of configs',
        'memory': 'estimate the memory of a training step, by attention pattern and checkpointing',
        'benchmark': 'compare the speed of backbones with the originals, Swin and others',
        'reproduce': 'measure the tables of the paper: parameters, FLOPs, latency, accuracy',
    },
    'Weights': {
        'zoo': 'list, identify and download the released weights',
        'convert': 'turn a published file into a checkpoint for a config',
        'permute-head': 'put the classes of a video classifier in the order of a config',
    },
    'Data': {
        'make-mini-data': 'draw small data sets for the mini configs',
        'make-k710': 'merge the lists of Kinetics-400, 600 and 700 into Kinetics-710',
        'make-label-maps': 'make label maps for token labeling',
    },
    'Configs': {
        'config': 'print a whole config, and the file that each value comes from',
    },
    'Installation': {'doctor': 'check the installation, or the files that a config needs'},
}
COMMANDS = {name: text for group in GROUPS.values() for name, text in group.items()}


def main(argv: Sequence[str] | None = None) -> None:
    """Run ``mmuniformer COMMAND ...``."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if arguments[:1] in (['-h'], ['--help']):
        print(describe_commands())
        return
    if not arguments:
        print(describe_commands(), file=sys.stderr)
        sys.exit(2)
    name, *arguments = arguments
    if name not in COMMANDS:
        similar = ' or '.join(get_close_matches(name, COMMANDS, n=3))
        hint = f'did you mean {similar}? ' if similar else ''
        exit_with_error(f'there is no command {name!r}; {hint}mmuniformer --help lists all')
    run(name, arguments)


def describe_commands() -> str:
    lines = [
        'usage: mmuniformer COMMAND ...',
        '',
        'UniFormer and UniFormerV2 for the OpenMMLab toolboxes.',
    ]
    width = max(map(len, COMMANDS)) + 2
    for title, group in GROUPS.items():
        lines += ['', f'{title}:', *(f'  {name:<{width}}{text}' for name, text in group.items())]
    return '\n'.join([*lines, '', 'mmuniformer COMMAND --help explains a command.'])


def run(name: str, argv: Sequence[str] | None = None) -> None:
    """Run one command; end the process with status 2 if the library refuses what it is given."""
    argv = list(sys.argv[1:] if argv is None else argv)
    sys.argv = [f'mmuniformer {name}', *argv]
    # mmengine and mim import it.
    warnings.filterwarnings('ignore', message='pkg_resources is deprecated')
    module = importlib.import_module(f'.{name.replace("-", "_")}', __name__)
    try:
        status = module.main(argv)
    except (ValueError, OSError, ImportError) as error:
        if not is_raised_here(error):
            raise
        exit_with_error(str(error))
    if status:
        sys.exit(status)


def is_raised_here(error: BaseException) -> bool:
    """True for a missing file and for errors that this package raises.

    What toolboxes and libraries raise keeps its traceback.
    """
    if isinstance(error, FileNotFoundError):
        return True
    *_, (frame, _) = traceback.walk_tb(error.__traceback__)
    return frame.f_globals['__name__'].startswith('mmuniformer.')


def exit_with_error(message: str) -> NoReturn:
    print(f'error: {message}', file=sys.stderr)
    sys.exit(2)
