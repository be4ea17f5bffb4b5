"""Figures: accuracy over FLOPs (like Fig. 1) and FLOPs over resolution (like Fig. 4)."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch.nn.attention import SDPBackend, sdpa_kernel

from ...models import UniFormer
from ...models.uniformer import ImageAttention
from ..figure import make_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from torch.utils.flop_counter import FlopCounterMode

# Resolution or attention pattern in the name of a config: distinguishes the points of a line.
POINT = re.compile(r'_(\d+x\d+|g|[hw]\d+)(?=_|$)')
# Attention pattern and window size; global attention has no windows.
PATTERNS: dict[str, tuple[ImageAttention, int]] = {
    'global': ('global', 14),
    'hybrid 32': ('hybrid', 32),
    'hybrid 14': ('hybrid', 14),
    'window 32': ('window', 32),
    'window 14': ('window', 14),
}
SIDES = (224, 384, 512, 640, 800, 1024, 1280)


@dataclass(frozen=True)
class Point:
    config: str
    flops_G: float  # noqa: N815
    metric: float
    measured: bool  # otherwise published


def split_name(config: str) -> tuple[str, str]:
    """Split the name of a config into the names of its line and its point in a figure."""
    found = POINT.findall(config)
    line = POINT.sub('', config.replace('_test', ''))
    return line, found[-1] if found else ''


def draw_accuracy(points: Sequence[Point], metric: str, title: str, path: Path) -> None:
    """Draw a line for each method, size and schedule."""
    lines: dict[str, list[Point]] = defaultdict(list)
    for point in points:
        lines[split_name(point.config)[0]].append(point)
    with make_figure(path, (7, 4.5)) as figure:
        axes = figure.subplots()
        for at, (name, members) in enumerate(lines.items()):
            _draw_line(axes, name, sorted(members, key=lambda point: point.flops_G), f'C{at}')
        axes.plot([], [], 'o', color='gray', label='measured here')
        axes.plot([], [], 'o', color='gray', markerfacecolor='white', label='published')
        axes.set(title=title, xlabel='FLOPs of one input / G', ylabel=metric.replace('_', ' '))
        axes.legend(fontsize='small')


def _draw_line(axes: Axes, name: str, points: Sequence[Point], color: str) -> None:
    axes.plot(
        [point.flops_G for point in points], [point.metric for point in points], '-', color=color,
        label=name, linewidth=1,
    )  # fmt: skip
    for point in points:
        face = color if point.measured else 'white'
        axes.plot(point.flops_G, point.metric, 'o', color=color, markerfacecolor=face)
        axes.annotate(
            split_name(point.config)[1], (point.flops_G, point.metric), xytext=(4, 4),
            textcoords='offset points', fontsize='x-small',
        )  # fmt: skip


def count_resolutions(sides: Sequence[int] = SIDES) -> list[dict]:
    """Count FLOPs of UniFormer-S with each attention of stage 3 on square images.

    ``flops_G`` is for the whole backbone, ``products_G`` for the matrix products of attention in
    stage 3.
    """
    from torch.utils.flop_counter import FlopCounterMode

    rows = []
    for pattern, (attention, window) in PATTERNS.items():
        net = UniFormer(arch='small', attention=attention, window_size=window).to('meta').eval()
        for side in sides:
            counter = FlopCounterMode(net, display=False)
            with torch.no_grad(), sdpa_kernel(SDPBackend.MATH), counter:
                net(torch.empty(1, 3, side, side, device='meta'))
            rows.append({'pattern': pattern, 'side': side, **_read_counter(counter)})
    return rows


def _read_counter(counter: FlopCounterMode) -> dict[str, float]:
    """Return GFLOPs; a multiply-add, which torch counts as two, is one FLOP."""
    products = sum(
        flops
        for name, counts in counter.get_flop_counts().items()
        if re.fullmatch(r'UniFormer\.blocks3\.\d+', name)
        for operator, flops in counts.items()
        if operator is torch.ops.aten.bmm
    )
    return {'flops_G': counter.get_total_flops() / 2e9, 'products_G': products / 2e9}


def draw_resolutions(rows: Sequence[dict], path: Path) -> None:
    with make_figure(path, (10, 4.5)) as figure:
        panels = figure.subplots(1, 2)
        titles = {'flops_G': 'whole backbone', 'products_G': 'attention products of stage 3'}
        for axes, (column, title) in zip(panels, titles.items(), strict=True):
            for pattern in PATTERNS:
                mine = [row for row in rows if row['pattern'] == pattern]
                axes.plot(
                    [row['side'] for row in mine], [row[column] for row in mine], 'o-',
                    label=pattern, markersize=3,
                )  # fmt: skip
            axes.set(title=f'UniFormer-S, {title}', xlabel='side of a square image / pixels')
            axes.set_ylabel('FLOPs / G')
        panels[0].legend(title='attention of stage 3')
