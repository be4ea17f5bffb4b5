"""Tables of text, in Markdown and for the terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table


def markdown_table(rows: Sequence[Sequence[str]], pad: bool = False) -> list[str]:
    """Return the lines of a table whose first row is the header.

    The first column is left-aligned, the others are right-aligned.

    Example:
        >>> markdown_table([['net', 'GiB'], ['a', '0.25']], pad=True)
        ['| net |  GiB |', '| --- | ---: |', '| a   | 0.25 |']
    """
    widths = [max(map(len, column)) if pad else 0 for column in zip(*rows, strict=True)]
    dashes = ['-' * max(width, 3) for width in widths]
    ruler = [dashes[0], *(f'{dash[:-1]:->3}:' for dash in dashes[1:])]
    header, *others = (
        [row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])] for row in rows
    )
    return [f'| {" | ".join(cells)} |' for cells in (header, ruler, *others)]


def rich_table(header: Sequence[str], rows: Iterable[Sequence[str]], **options: Any) -> Table:
    """Return a table for the terminal, with columns aligned as in :func:`markdown_table`.

    Args:
        options: those of :class:`rich.table.Table`.

    Example:
        >>> rich_table(['net', 'GiB'], [['a', '0.25']]).row_count
        1
    """
    table = Table(**{'box': SIMPLE_HEAD, 'title_justify': 'left', **options})
    for number, column in enumerate(header):
        table.add_column(column, justify='right' if number else 'left')
    for row in rows:
        table.add_row(*row)
    return table


def make_console(columns: int = 160) -> Console:
    """Return a console for tables, as wide as the terminal or, in a pipe, ``columns`` wide."""
    return Console(width=None if sys.stdout.isatty() else columns)
