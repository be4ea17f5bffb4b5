"""What the parsers of several commands share."""

from __future__ import annotations

from argparse import ArgumentParser, RawDescriptionHelpFormatter


def new_parser(name: str, doc: str | None) -> ArgumentParser:
    """Make the parser of a command from the docstring of its module, which ends with examples."""
    description, _, examples = (doc or '').partition('\nexamples:\n')
    return ArgumentParser(
        prog=f'mmuniformer {name}',
        description=description,
        epilog=f'examples:\n{examples}',
        formatter_class=RawDescriptionHelpFormatter,
    )


def add_config(parser: ArgumentParser) -> None:
    parser.add_argument('config', help='config file, or the name of one that mmuniformer brings')


def add_shape(parser: ArgumentParser, default: str = 'as in the tables') -> None:
    parser.add_argument(
        '--shape', type=int, nargs='+', metavar='N',
        help=f'height and width of the input in pixels, for video after frames; default {default}',
    )  # fmt: skip


def add_device(parser: ArgumentParser) -> None:
    parser.add_argument('--device', default='cpu', help='cpu (default), cuda, cuda:1')
