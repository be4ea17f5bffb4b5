"""How cost grows with the input: one net after the other over a row of sizes, and its exponents."""

from __future__ import annotations

import csv
import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import torch
from _complexity_models import Meter
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator
from memory import measure as measure_memory
from mmengine.registry import MODELS
from reproduction.figures import STYLE
from torch import Tensor, nn

from .measure import FORWARD, Task, seconds

TAIL = 4
MEASURES = {'time': 'forward pass / s', 'flops': 'FLOPs / G', 'memory': 'training step / GiB'}
UNITS = {'time': 1.0, 'flops': 1e9, 'memory': 2**30}


@dataclass(frozen=True)
class Curve:
    """Nets by name, as configs, over inputs of one shape that depends on a size.

    Attributes:
        axis: what a size is.
        growing: what the exponents are about, a number that is proportional to the input.
        shape: of one input without batch and channels.
    """

    title: str
    axis: str
    sizes: tuple[int, ...]
    nets: dict[str, dict]
    shape: Callable[[int], tuple[int, ...]]
    growing: str
    content: Callable[[int], int]


def _image(attention: str) -> dict:
    return {'type': 'mmuniformer.UniFormer', 'arch': 'small', 'attention': attention}


CURVES = {
    'pictures': Curve(
        'UniFormer-S on a square picture', 'side of the picture / pixels',
        (256, 384, 512, 640, 768, 896, 1024, 1280),
        {'g': _image('global'), 'h14': _image('hybrid'), 'w14': _image('window')},
        lambda side: (side, side), 'pixels', lambda side: side * side,
    ),
    'clips': Curve(
        'UniFormer3D-S on a clip of 224×224', 'frames of the clip',
        (4, 8, 12, 16, 20, 24, 28, 32),
        {'joint': {'type': 'mmuniformer.UniFormer3D', 'arch': 'small'}},
        lambda frames: (frames, 224, 224), 'frames', lambda frames: frames,
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Point:
    """One net at one size.

    Attributes:
        time: seconds of the fastest forward pass of one input; of a CPU, time of the processor.
        flops: of the same, one multiply-add being one.
        memory: bytes of a training step, activations and what it allocates on its way.
    """

    curve: str
    net: str
    size: int
    time: float
    flops: int
    memory: int


def measure(
    name: str, curve: Curve, size: int, task: Task, rounds: int, on_step: Callable[[], object]
) -> list[Point]:
    """Measure all nets of a curve at one size, timed in turn."""
    torch.manual_seed(0)
    shape = curve.shape(size)
    x = torch.randn(1, 3, *shape, device=task.device)
    nets = {net: MODELS.build(dict(cfg)).to(x.device).eval() for net, cfg in curve.nets.items()}
    times: dict[str, list[float]] = {net: [] for net in nets}
    for _ in range(rounds):
        for net, module in nets.items():
            times[net].append(
                seconds(task, module, x) if x.is_cuda else cpu_seconds(task, module, x)
            )
            on_step()
    return [
        Point(name, net, size, min(times[net]), count_flops(cfg, shape), measure_memory(cfg, shape))
        for net, cfg in curve.nets.items()
    ]


def cpu_seconds(task: Task, net: nn.Module, x: Tensor) -> float:
    """Time of the processor: sizes are measured minutes apart, while others come and go."""
    start = time.process_time()
    task.run(net, x)
    return time.process_time() - start


def count_flops(cfg: dict, shape: Sequence[int]) -> int:
    meter = Meter()
    net = MODELS.build(dict(cfg)).to('meta').eval()
    meter('backbone', net, torch.empty(1, 3, *shape, device='meta'))
    return meter.rows[0].flops


def exponent(x: Sequence[float], y: Sequence[float], tail: int = TAIL) -> float:
    """Slope of ``log y`` over ``log x`` at the largest ``tail`` of at least two points."""
    if len(x) < 2:
        raise ValueError(f'a slope needs two points, got {len(x)}')
    order = np.argsort(x)[-tail:]
    slope, _ = np.polyfit(np.log(np.asarray(x)[order]), np.log(np.asarray(y)[order]), 1)
    return float(slope)


def exponents(points: Sequence[Point], curve: Curve) -> dict[str, dict[str, float]]:
    """Exponents by net and measure; nets with a single point are left out."""
    result = {}
    for net in curve.nets:
        mine = [point for point in points if point.net == net]
        if len(mine) > 1:
            content = [curve.content(point.size) for point in mine]
            result[net] = {
                word: exponent(content, [getattr(point, word) for point in mine])
                for word in MEASURES
            }
    return result


def figure_exponents(rows: Sequence[dict], tail: int = TAIL) -> dict[str, dict[str, float]]:
    """Exponents in pixels of what ``reproduction.figures.count_resolutions`` counts (Fig. 4)."""
    result: dict[str, dict[str, float]] = {}
    for pattern in dict.fromkeys(row['pattern'] for row in rows):
        mine = [row for row in rows if row['pattern'] == pattern]
        pixels = [row['side'] ** 2 for row in mine]
        result[pattern] = {
            column: exponent(pixels, [row[column] for row in mine], tail)
            for column in ('flops_G', 'products_G')
        }
    return result


def save(path: Path, facts: dict[str, Any], points: Sequence[Point]) -> None:
    """Write JSON, from which :func:`load` goes on, and CSV beside it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = [asdict(point) for point in points]
    draft = path.with_suffix('.tmp')  # an interruption leaves the old file or the new one
    draft.write_text(json.dumps({'environment': facts, 'points': rows}, indent=1))
    draft.replace(path)
    with path.with_suffix('.csv').open('w', newline='') as file:
        writer = csv.DictWriter(file, [*Point.__dataclass_fields__], lineterminator='\n')
        writer.writeheader()
        writer.writerows(rows)


def load(path: Path, facts: dict[str, Any]) -> list[Point]:
    """Read what an earlier run has measured, on the same machine in the same way.

    Raises:
        ValueError: it was measured in another way.
    """
    if not path.is_file():
        return []
    content = json.loads(path.read_text())
    if content['environment'] != facts:
        raise ValueError(
            f'{path} was measured with {content["environment"]}, and this is {facts}; '
            'choose another folder, or delete the file'
        )
    return [Point(**row) for row in content['points']]


def markdown(points: Sequence[Point]) -> str:
    """Tables of all points, and of the exponents of each curve."""
    lines: list[str] = []
    for name, curve in CURVES.items():
        mine = [point for point in points if point.curve == name]
        if mine:
            lines += [f'### {curve.title}', '', *_table(mine, curve), '']
            found = exponents(mine, curve)
            if found:
                lines += [f'Exponents in {curve.growing}, of the largest sizes:', '']
                lines += [*exponent_table(found, ('time', 'FLOPs', 'memory')), '']
    return '\n'.join(lines)


def exponent_table(found: dict[str, dict[str, float]], words: Sequence[str]) -> list[str]:
    rows = [[net, *(f'{value:.2f}' for value in values.values())] for net, values in found.items()]
    return _layout([['net', *words], *rows])


def _table(points: Sequence[Point], curve: Curve) -> list[str]:
    rows = [['size', *(f'{net}: {label}' for label in MEASURES.values() for net in curve.nets)]]
    for size in sorted({point.size for point in points}):
        at = {point.net: point for point in points if point.size == size}
        cells = (f'{getattr(at[net], word) / UNITS[word]:.3g}' for word in MEASURES for net in at)
        rows.append(['×'.join(map(str, curve.shape(size))), *cells])
    return _layout(rows)


def _layout(rows: Sequence[Sequence[str]]) -> list[str]:
    head, *body = rows
    ruler = ['---', *['---:'] * (len(head) - 1)]
    return [f'| {" | ".join(row)} |' for row in (head, ruler, *body)]


def draw(points: Sequence[Point], path: Path) -> None:
    """Draw a row of panels for each curve, both axes logarithmic, exponents in the legend."""
    names = [name for name in CURVES if any(point.curve == name for point in points)]
    with mpl.rc_context({**STYLE, 'savefig.dpi': 100}):
        figure = Figure(figsize=(10, 3.2 * len(names)))
        panels = figure.subplots(len(names), len(MEASURES), squeeze=False)
        for row, name in zip(panels, names, strict=True):
            mine = [point for point in points if point.curve == name]
            for axes, word in zip(row, MEASURES, strict=True):
                _draw_panel(axes, mine, CURVES[name], word)
        figure.savefig(path)


def _draw_panel(axes: Axes, points: Sequence[Point], curve: Curve, word: str) -> None:
    for net, x, y in _lines(points, curve, word):
        axes.plot(x, y, 'o-', markersize=3, label=net)
    axes.set(xscale='log', yscale='log', xlabel=curve.axis, ylabel=MEASURES[word])
    axes.set_title(curve.title, fontsize='small')
    axes.set_xticks(*[sorted({point.size for point in points})[::2]] * 2)
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_major_formatter('{x:g}')
    axes.minorticks_off()
    axes.legend(title=f'exponent in {curve.growing}', fontsize='small')


def _lines(
    points: Sequence[Point], curve: Curve, word: str
) -> Iterator[tuple[str, list[int], list[float]]]:
    found = exponents(points, curve)
    for net in curve.nets:
        mine = sorted((p for p in points if p.net == net), key=lambda point: point.size)
        label = f'{net}: {found[net][word]:.2f}' if net in found else net
        yield label, [p.size for p in mine], [getattr(p, word) / UNITS[word] for p in mine]


def plain_task(device: str) -> Task:
    return Task(FORWARD, device=device)
