"""How cost grows with the input: networks over several sizes, and exponents."""

from __future__ import annotations

import csv
import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator
from mmengine.registry import MODELS

from mmuniformer.apis.benchmarking.timing import Task
from mmuniformer.apis.figure import make_figure
from mmuniformer.apis.flops import count_flops
from mmuniformer.apis.memory_use import memory_of_backbone
from mmuniformer.apis.tables import markdown_table
from mmuniformer.apis.timing import time_rounds

TAIL = 4
MEASURES = {'time': 'forward pass / s', 'flops': 'FLOPs / G', 'memory': 'training step / GiB'}
UNITS = {'time': 1.0, 'flops': 1e9, 'memory': 2**30}


@dataclass(frozen=True)
class Curve:
    """Networks by name, as configs, on inputs whose shape depends on a size.

    Attributes:
        axis: what a size is.
        shape: of one input of a size, without batch and channels.
        variable: name of the variable that exponents refer to, proportional to the input.
        value: of that variable, for a size.
    """

    title: str
    axis: str
    sizes: tuple[int, ...]
    nets: dict[str, dict]
    shape: Callable[[int], tuple[int, ...]]
    variable: str
    value: Callable[[int], int]


def _image(attention: str) -> dict:
    return {'type': 'mmuniformer.UniFormer', 'arch': 'small', 'attention': attention}


CURVES = {
    'images': Curve(
        'UniFormer-S on a square image', 'side of the image / pixels',
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
    """One network at one size.

    Attributes:
        time: seconds of the fastest forward pass of one input; on a CPU, processor time.
        flops: of the same pass, a multiply-add as one.
        memory: bytes of a training step, activations and temporary tensors.
    """

    curve: str
    net: str
    size: int
    time: float
    flops: int
    memory: int


def measure(
    name: str, curve: Curve, size: int, device: str, rounds: int, on_step: Callable[[str], object]
) -> list[Point]:
    """Measure all networks of a curve at one size, timed in turn."""
    torch.manual_seed(0)
    shape = curve.shape(size)
    x = torch.randn(1, 3, *shape, device=device)
    steps = {
        net: partial(Task('forward').run, MODELS.build(dict(cfg)).to(device).eval(), x)
        for net, cfg in curve.nets.items()
    }
    # Sizes are measured minutes apart; processor time hardly depends on what else runs.
    times = time_rounds(
        steps, rounds, warmup=0, device=device, clock=time.process_time, on_step=on_step
    )
    return [
        Point(
            name, net, size, min(times[net]), count(cfg, shape), memory_of_backbone(cfg, shape)
        )
        for net, cfg in curve.nets.items()
    ]  # fmt: skip


def count(cfg: dict, shape: Sequence[int]) -> int:
    """Count the FLOPs of a network from its config."""
    net = MODELS.build(dict(cfg)).to('meta').eval()
    _, flops = count_flops(net, torch.empty(1, 3, *shape, device='meta'))
    return flops


def exponent(x: Sequence[float], y: Sequence[float], tail: int = TAIL) -> float:
    """Slope of ``log y`` over ``log x`` at the largest ``tail`` of at least two points."""
    if len(x) < 2:
        raise ValueError(f'a slope needs two points, got {len(x)}')
    order = np.argsort(x)[-tail:]
    slope, _ = np.polyfit(np.log(np.asarray(x)[order]), np.log(np.asarray(y)[order]), 1)
    return float(slope)


def exponents(points: Sequence[Point], curve: Curve) -> dict[str, dict[str, float]]:
    """Return exponents by network and measure; a network with a single point has none."""
    result = {}
    for net in curve.nets:
        mine = [point for point in points if point.net == net]
        if len(mine) > 1:
            values = [curve.value(point.size) for point in mine]
            result[net] = {
                word: exponent(values, [getattr(point, word) for point in mine])
                for word in MEASURES
            }
    return result


def figure_exponents(rows: Sequence[dict], tail: int = TAIL) -> dict[str, dict[str, float]]:
    """Return exponents in pixels of what ``figures.count_resolutions`` counts (Fig. 4)."""
    result: dict[str, dict[str, float]] = {}
    for pattern in dict.fromkeys(row['pattern'] for row in rows):
        mine = [row for row in rows if row['pattern'] == pattern]
        pixels = [row['side'] ** 2 for row in mine]
        result[pattern] = {
            column: exponent(pixels, [row[column] for row in mine], tail)
            for column in ('flops_G', 'products_G')
        }
    return result


def save(path: Path, environment: dict[str, str], points: Sequence[Point]) -> None:
    """Write JSON, which :func:`load` reads, and CSV."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = [asdict(point) for point in points]
    draft = path.with_suffix('.tmp')  # an interruption leaves the old file or the new one
    draft.write_text(json.dumps({'environment': environment, 'points': rows}, indent=1))
    draft.replace(path)
    with path.with_suffix('.csv').open('w', newline='') as file:
        writer = csv.DictWriter(file, [*Point.__dataclass_fields__], lineterminator='\n')
        writer.writeheader()
        writer.writerows(rows)


def load(path: Path, environment: dict[str, str]) -> list[Point]:
    """Read what an earlier run measured.

    Raises:
        ValueError: it was measured on another machine or in another way.
    """
    if not path.is_file():
        return []
    content = json.loads(path.read_text())
    if content['environment'] != environment:
        raise ValueError(
            f'{path} was measured with {content["environment"]}, and this is {environment}; '
            'choose another folder, or delete the file'
        )
    return [Point(**row) for row in content['points']]


def markdown(points: Sequence[Point]) -> str:
    """Lay out tables of all points and of the exponents of each curve."""
    lines: list[str] = []
    for name, curve in CURVES.items():
        mine = [point for point in points if point.curve == name]
        if mine:
            lines += [f'### {curve.title}', '', *_table(mine, curve), '']
            found = exponents(mine, curve)
            if found:
                lines += [f'Exponents in {curve.variable}, of the largest sizes:', '']
                lines += [*exponent_table(found, ('time', 'FLOPs', 'memory')), '']
    return '\n'.join(lines)


def exponent_table(found: dict[str, dict[str, float]], words: Sequence[str]) -> list[str]:
    rows = [[net, *(f'{value:.2f}' for value in values.values())] for net, values in found.items()]
    return markdown_table([['net', *words], *rows])


def _table(points: Sequence[Point], curve: Curve) -> list[str]:
    rows = [['size', *(f'{net}: {label}' for label in MEASURES.values() for net in curve.nets)]]
    for size in sorted({point.size for point in points}):
        at = {point.net: point for point in points if point.size == size}
        cells = (f'{getattr(at[net], word) / UNITS[word]:.3g}' for word in MEASURES for net in at)
        rows.append(['×'.join(map(str, curve.shape(size))), *cells])
    return markdown_table(rows)


def draw(points: Sequence[Point], path: Path) -> None:
    """Draw a row of panels for each curve, both axes logarithmic, exponents in the legend."""
    names = [name for name in CURVES if any(point.curve == name for point in points)]
    size = (10, 3.2 * len(names))
    with make_figure(path, size, dpi=100) as figure:
        panels = figure.subplots(len(names), len(MEASURES), squeeze=False)
        for row, name in zip(panels, names, strict=True):
            mine = [point for point in points if point.curve == name]
            for axes, word in zip(row, MEASURES, strict=True):
                _draw_panel(axes, mine, CURVES[name], word)


def _draw_panel(axes: Axes, points: Sequence[Point], curve: Curve, word: str) -> None:
    for net, x, y in _lines(points, curve, word):
        axes.plot(x, y, 'o-', markersize=3, label=net)
    axes.set(xscale='log', yscale='log', xlabel=curve.axis, ylabel=MEASURES[word])
    axes.set_title(curve.title, fontsize='small')
    axes.set_xticks(*[sorted({point.size for point in points})[::2]] * 2)
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_major_formatter('{x:g}')
    axes.minorticks_off()
    axes.legend(title=f'exponent in {curve.variable}', fontsize='small')


def _lines(
    points: Sequence[Point], curve: Curve, word: str
) -> Iterator[tuple[str, list[int], list[float]]]:
    found = exponents(points, curve)
    for net in curve.nets:
        mine = sorted((p for p in points if p.net == net), key=lambda point: point.size)
        label = f'{net}: {found[net][word]:.2f}' if net in found else net
        yield label, [p.size for p in mine], [getattr(p, word) / UNITS[word] for p in mine]
