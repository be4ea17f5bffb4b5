"""Results as a table in the terminal, as Markdown, JSON and a picture."""

from __future__ import annotations

import json
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import matplotlib as mpl
import torch
from matplotlib.figure import Figure
from rich.box import SIMPLE_HEAD
from rich.table import Table

from mmuniformer.apis.benchmarking.nets import EXPLICIT, FUSED, OURS, PEER

from .measure import Task, Timing, ratios

COLOURS = {OURS: '#1f77b4', FUSED: '#2ca02c', EXPLICIT: '#9ecae1', PEER: '#bbbbbb'}
NOTHING = '–'


@dataclass
class Comparison:
    """One input and one task for several nets."""

    input: str
    shape: tuple[int, ...]
    task: Task
    timings: list[Timing]

    @property
    def title(self) -> str:
        return f'{self.input}, {self.task}'

    def columns(self) -> tuple[str, ...]:
        absolute = ('ms', 'peak MiB') if self.on_gpu else ()
        return ('net', f'time of {self.timings[0].net}', 'spread', 'MFU', *absolute)

    @property
    def on_gpu(self) -> bool:
        return torch.device(self.task.device).type == 'cuda'

    def rows(self) -> list[tuple[str, ...]]:
        """Times as multiples of the first net's; absolute ones only of a GPU, which is idle."""
        relative = ratios(self.timings)
        rows = []
        for timing in self.timings:
            if not timing.times:
                rows.append((timing.net, timing.failure or NOTHING, *self._blanks()))
                continue
            row = [timing.net, NOTHING, f'±{timing.spread:.0%}', f'{timing.utilization:.0%}']
            if timing.net in relative:
                row[1] = f'{relative[timing.net]:.2f}×'
            if self.on_gpu:
                peak = timing.peak_bytes or 0
                row += [f'{timing.median * 1000:.1f}', f'{peak / 2**20:.0f}']
            rows.append(tuple(row))
        return rows

    def _blanks(self) -> list[str]:
        return [NOTHING] * (len(self.columns()) - 2)


def table(comparison: Comparison) -> Table:
    result = Table(box=SIMPLE_HEAD, title=comparison.title, title_justify='left')
    for number, column in enumerate(comparison.columns()):
        result.add_column(column, justify='right' if number else 'left')
    for row in comparison.rows():
        result.add_row(*row)
    return result


def environment(device: str, threads: int) -> dict[str, str]:
    on_gpu = torch.device(device).type == 'cuda'
    return {
        'device': torch.cuda.get_device_name(device) if on_gpu else _processor(),
        'threads': str(threads),
        'PyTorch': torch.__version__,
        'Python': platform.python_version(),
    }


def _processor() -> str:
    cpuinfo = Path('/proc/cpuinfo')
    if cpuinfo.is_file():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith('model name'):
                return line.split(':', 1)[1].strip()
    return platform.processor() or platform.machine()


def write(folder: Path, comparisons: Sequence[Comparison], facts: dict[str, str]) -> list[Path]:
    """Write ``benchmark.md``, ``benchmark.json`` and ``benchmark.png``."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f'benchmark.{suffix}' for suffix in ('md', 'json', 'png')]
    paths[0].write_text(_markdown(comparisons, facts))
    content = {
        'environment': facts,
        'comparisons': [
            {**asdict(comparison), 'ratios': ratios(comparison.timings)}
            for comparison in comparisons
        ],
    }
    paths[1].write_text(json.dumps(content, indent=1, ensure_ascii=False))
    _picture(comparisons).savefig(paths[2])
    return paths


def _markdown(comparisons: Sequence[Comparison], facts: dict[str, str]) -> str:
    lines = [', '.join(f'{key} {value}' for key, value in facts.items()), '']
    for comparison in comparisons:
        columns = comparison.columns()
        rows = [columns, ('---',) + ('---:',) * (len(columns) - 1), *comparison.rows()]
        lines += [f'**{comparison.title}**', '', *(f'| {" | ".join(row)} |' for row in rows), '']
    return '\n'.join(lines)


def _picture(comparisons: Sequence[Comparison]) -> Figure:
    heights = [len(ratios(comparison.timings)) for comparison in comparisons]
    style = {'axes.spines.top': False, 'axes.spines.right': False, 'savefig.dpi': 150}
    with mpl.rc_context(style):
        figure = Figure(figsize=(8, 1 + 0.32 * sum(heights) + 0.5 * len(heights)))
        figure.set_layout_engine('constrained')
        axes = figure.subplots(len(heights), squeeze=False, height_ratios=[h + 1 for h in heights])
        for ax, comparison in zip(axes[:, 0], comparisons, strict=True):
            kinds = {timing.net: timing.kind for timing in comparison.timings}
            relative = ratios(comparison.timings)
            bars = ax.barh(
                list(relative), list(relative.values()),
                color=[COLOURS[kinds[name]] for name in relative],
            )  # fmt: skip
            ax.bar_label(bars, fmt='%.2f', padding=3)
            ax.axvline(1.0, color='black', linewidth=0.8)
            ax.invert_yaxis()
            ax.set_title(f'{comparison.title}: time, less is better', loc='left', fontsize=9)
    return figure
