"""Markdown tables."""

from __future__ import annotations

from collections.abc import Sequence


def markdown_row(cells: Sequence[str], widths: Sequence[int] | None = None) -> str:
    """Format a row, padded to ``widths``: the first cell is left-aligned, the others right-aligned.

    Example:
        >>> markdown_row(['a', '1'], (3, 4))
        '| a   |    1 |'
    """
    first, *others = zip(cells, widths or [0] * len(cells), strict=True)
    words = [f'{first[0]:<{first[1]}}', *(f'{cell:>{width}}' for cell, width in others)]
    return f'| {" | ".join(words)} |'


def markdown_ruler(widths: Sequence[int]) -> str:
    """Format the line below a header, for columns with these widths.

    Example:
        >>> markdown_ruler((0, 6))
        '| --- | -----: |'
    """
    first, *others = widths
    dashes = ['-' * max(first, 3), *('-' * max(width - 1, 3) + ':' for width in others)]
    return f'| {" | ".join(dashes)} |'


def markdown_table(rows: Sequence[Sequence[str]], pad: bool = False) -> list[str]:
    """Return the lines of a table whose first row is the header.

    Example:
        >>> markdown_table([['net', 'GiB'], ['a', '0.25']], pad=True)
        ['| net |  GiB |', '| --- | ---: |', '| a   | 0.25 |']
    """
    widths = [max(map(len, column)) if pad else 0 for column in zip(*rows, strict=True)]
    header, *others = (markdown_row(row, widths) for row in rows)
    return [header, markdown_ruler(widths), *others]
