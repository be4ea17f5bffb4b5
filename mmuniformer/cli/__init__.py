"""The command line: one file per command, which reads arguments and calls the library."""

import argparse
import importlib
import sys
import warnings
from collections.abc import Sequence

# Command, which is a module of this package → what `mmuniformer --help` says about it.
COMMANDS = {
    'train': 'train a model of any toolbox',
    'test': 'evaluate a checkpoint of any toolbox',
    'demo': 'draw what a model finds in images, videos and cameras',
    'web-demo': 'serve a page that draws what a model finds',
    'visualize': 'draw CAMs, attention and features',
    'export': 'write a model as ONNX or torch.export, and check the file',
}


def main() -> None:
    """Run ``mmuniformer COMMAND ...``."""
    parser = argparse.ArgumentParser(
        prog='mmuniformer',
        description='UniFormer and UniFormerV2 for the OpenMMLab toolboxes.',
        epilog='mmuniformer COMMAND --help explains a command.',
    )
    commands = parser.add_subparsers(dest='command', metavar='COMMAND', required=True)
    for name, text in COMMANDS.items():
        commands.add_parser(name, help=text, add_help=False)
    command = parser.parse_args(sys.argv[1:2]).command
    run(command, sys.argv[2:])


def run(name: str, argv: Sequence[str] | None = None) -> None:
    """Run one command; end the process with status 2 if the library refuses what it is given."""
    argv = list(sys.argv[1:] if argv is None else argv)
    sys.argv = [f'mmuniformer {name}', *argv]
    # mmengine and mim import it.
    warnings.filterwarnings('ignore', message='pkg_resources is deprecated')
    module = importlib.import_module(f'.{name.replace("-", "_")}', __name__)
    try:
        status = module.main(argv) if name not in ('train', 'test') else module.main()
    except (ValueError, OSError, ImportError) as error:
        if not is_raised_here(error):
            raise
        print(f'error: {error}', file=sys.stderr)
        sys.exit(2)
    if status:
        sys.exit(status)


def is_raised_here(error: BaseException) -> bool:
    """True for a missing file and for errors that this package raises.

    What toolboxes and libraries raise keeps its traceback.
    """
    if isinstance(error, FileNotFoundError):
        return True
    trace = error.__traceback__
    while trace.tb_next is not None:
        trace = trace.tb_next
    return trace.tb_frame.f_globals['__name__'].startswith('mmuniformer.')
