"""Figures: accuracy against FLOPs (as Fig. 1) and FLOPs against resolution (as Fig. 4)."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import matplotlib as mpl
import torch
from matplotlib.figure import Figure
from mmengine.utils import mkdir_or_exist
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from mmuniformer.models import UniFormer

# What sets the points of one line apart: resolution or attention pattern in the config's name.
POINT = re.compile(r'_(\d+x\d+|g|[hw]\d+)(?=_|$)')
PATTERNS = {
    'global': dict(attention='global'),
    'hybrid 32': dict(attention='hybrid', window_size=32),
    'hybrid 14': dict(attention='hybrid', window_size=14),
    'window 32': dict(attention='window', window_size=32),
    'window 14': dict(attention='window', window_size=14),
}
SIDES = (224, 384, 512, 640, 800, 1024, 1280)
STYLE = {
    'axes.grid': True, 'grid.alpha': 0.3, 'axes.spines.top': False, 'axes.spines.right': False,
    'figure.constrained_layout.use': True, 'savefig.dpi': 150,
}  # fmt: skip


@dataclass(frozen=True)
class Point:
    config: str
    flops_G: float  # noqa: N815
    metric: float
    own: bool  # measured here; otherwise the published number


def series_of(config: str) -> tuple[str, str]:
    """Split the name of a config into that of its line and that of its point."""
    found = POINT.findall(config)
    line = POINT.sub('', config.replace('_test', ''))
    return line, found[-1] if found else ''


def draw_accuracy(points: Sequence[Point], metric: str, title: str, path: Path) -> None:
    """Draw a line for each method, size and schedule."""
    lines: dict[str, list[Point]] = defaultdict(list)
    for point in points:
        lines[series_of(point.config)[0]].append(point)
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(7, 4.5))
        axes = figure.subplots()
        for at, (name, members) in enumerate(lines.items()):
            draw_line(axes, name, sorted(members, key=lambda point: point.flops_G), f'C{at}')
        axes.plot([], [], 'o', color='gray', label='measured here')
        axes.plot([], [], 'o', color='gray', markerfacecolor='white', label='published')
        axes.set(title=title, xlabel='FLOPs of one input / G', ylabel=metric.replace('_', ' '))
        axes.legend(fontsize='small')
        save(figure, path)


def draw_line(axes, name: str, points: Sequence[Point], color: str) -> None:
    axes.plot(
        [point.flops_G for point in points], [point.metric for point in points], '-', color=color,
        label=name, linewidth=1,
    )  # fmt: skip
    for point in points:
        face = color if point.own else 'white'
        axes.plot(point.flops_G, point.metric, 'o', color=color, markerfacecolor=face)
        axes.annotate(
            series_of(point.config)[1], (point.flops_G, point.metric), xytext=(4, 4),
            textcoords='offset points', fontsize='x-small',
        )  # fmt: skip


def count_resolutions(sides: Sequence[int] = SIDES) -> list[dict]:
    """Count UniFormer-S with each attention of stage 3 on square pictures of these sides.

    ``flops_G`` is the whole backbone; ``products_G``, the products of queries with keys and of
    weights with values in stage 3.
    """
    rows = []
    for pattern, arguments in PATTERNS.items():
        net = UniFormer(arch='small', **arguments).to('meta').eval()
        for side in sides:
            counter = FlopCounterMode(net, display=False)
            with torch.no_grad(), sdpa_kernel(SDPBackend.MATH), counter:
                net(torch.empty(1, 3, side, side, device='meta'))
            rows.append({'pattern': pattern, 'side': side, **flops_in_billions(counter)})
    return rows


def flops_in_billions(counter: FlopCounterMode) -> dict[str, float]:
    """One multiply-add, which torch counts as two, is one FLOP."""
    products = sum(
        flops
        for name, counts in counter.get_flop_counts().items()
        if re.fullmatch(r'UniFormer\.blocks3\.\d+', name)
        for operator, flops in counts.items()
        if operator is torch.ops.aten.bmm
    )
    return {'flops_G': counter.get_total_flops() / 2e9, 'products_G': products / 2e9}


def draw_resolutions(rows: Sequence[dict], path: Path) -> None:
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(10, 4.5))
        panels = figure.subplots(1, 2)
        titles = {'flops_G': 'whole backbone', 'products_G': 'attention products of stage 3'}
        for axes, (column, title) in zip(panels, titles.items(), strict=True):
            for pattern in PATTERNS:
                mine = [row for row in rows if row['pattern'] == pattern]
                axes.plot(
                    [row['side'] for row in mine], [row[column] for row in mine], 'o-',
                    label=pattern, markersize=3,
                )  # fmt: skip
            axes.set(title=f'UniFormer-S, {title}', xlabel='side of a square picture / pixels')
            axes.set_ylabel('FLOPs / G')
        panels[0].legend(title='attention of stage 3')
        save(figure, path)


def save(figure: Figure, path: Path) -> None:
    mkdir_or_exist(path.parent)
    figure.savefig(path)
