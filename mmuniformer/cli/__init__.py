"""The command line: one file per command, which reads arguments and calls the library."""

import argparse
import importlib
import sys

# Command, which is a module of this package → what `mmuniformer --help` says about it.
COMMANDS = {
    'train': 'train a model of any toolbox',
    'test': 'evaluate a checkpoint of any toolbox',
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
    module = importlib.import_module(f'.{command}', __name__)
    sys.argv = [f'mmuniformer {command}', *sys.argv[2:]]
    module.main()
