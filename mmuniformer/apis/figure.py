"""Figures of matplotlib in one style."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@contextmanager
def make_figure(
    path: Path, size: tuple[float, float], *, grid: bool = True, dpi: int = 150
) -> Iterator[Figure]:
    """Make a figure of ``size`` inches and write it to ``path`` on exit."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context(
        {
            'axes.grid': grid, 'grid.alpha': 0.3, 'axes.spines.top': False,
            'axes.spines.right': False, 'figure.constrained_layout.use': True, 'savefig.dpi': dpi,
        }
    ):  # fmt: skip
        figure = Figure(figsize=size)
        yield figure
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path)
