"""Results as a table in the terminal, as Markdown, JSON and a figure."""

from __future__ import annotations

import json
import platform
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import torch
from rich.table import Table

from ..figure import make_figure
from ..tables import markdown_table, rich_table
from .nets import EXPLICIT, FUSED, OURS, PEER, Role
from .run import Comparison
from .timing import ratios

COLORS: dict[Role, str] = {OURS: '#1f77b4', FUSED: '#2ca02c', EXPLICIT: '#9ecae1', PEER: '#bbbbbb'}
NOTHING = '–'


def list_columns(comparison: Comparison) -> tuple[str, ...]:
    absolute = ('ms', 'peak MiB') if _is_on_gpu(comparison) else ()
    return ('net', f'time of {comparison.timings[0].net}', 'spread', 'MFU', *absolute)


def _is_on_gpu(comparison: Comparison) -> bool:
    return torch.device(comparison.task.device).type == 'cuda'


def list_rows(comparison: Comparison) -> list[tuple[str, ...]]:
    """List times relative to the first network; in milliseconds only on a GPU."""
    relative = ratios(comparison.timings)
    blanks = [NOTHING] * (len(list_columns(comparison)) - 2)
    rows = []
    for timing in comparison.timings:
        if not timing.times:
            rows.append((timing.net, timing.failure or NOTHING, *blanks))
            continue
        row = [timing.net, NOTHING, f'±{timing.spread:.0%}', f'{timing.utilization:.0%}']
        if timing.net in relative:
            row[1] = f'{relative[timing.net]:.2f}×'
        if _is_on_gpu(comparison):
            peak = timing.peak_bytes or 0
            row += [f'{timing.median * 1000:.1f}', f'{peak / 2**20:.0f}']
        rows.append(tuple(row))
    return rows


def make_table(comparison: Comparison) -> Table:
    return rich_table(list_columns(comparison), list_rows(comparison), title=comparison.title)


def describe_environment(device: str) -> dict[str, str]:
    on_gpu = torch.device(device).type == 'cuda'
    return {
        'device': torch.cuda.get_device_name(device) if on_gpu else _processor(),
        'threads': str(torch.get_num_threads()),
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


def write_report(
    folder: Path, comparisons: Sequence[Comparison], environment: dict[str, str]
) -> list[Path]:
    """Write ``benchmark.md``, ``benchmark.json`` and ``benchmark.png``; return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f'benchmark.{suffix}' for suffix in ('md', 'json', 'png')]
    paths[0].write_text(_markdown(comparisons, environment))
    content = {
        'environment': environment,
        'comparisons': [
            {**asdict(comparison), 'ratios': ratios(comparison.timings)}
            for comparison in comparisons
        ],
    }
    paths[1].write_text(json.dumps(content, indent=1, ensure_ascii=False))
    _draw(comparisons, paths[2])
    return paths


def _markdown(comparisons: Sequence[Comparison], environment: dict[str, str]) -> str:
    lines = [', '.join(f'{key} {value}' for key, value in environment.items()), '']
    for comparison in comparisons:
        rows = [list_columns(comparison), *list_rows(comparison)]
        lines += [f'**{comparison.title}**', '', *markdown_table(rows), '']
    return '\n'.join(lines)


def _draw(comparisons: Sequence[Comparison], path: Path) -> None:
    heights = [len(ratios(comparison.timings)) for comparison in comparisons]
    size = (8, 1 + 0.32 * sum(heights) + 0.5 * len(heights))
    with make_figure(path, size, grid=False) as figure:
        axes = figure.subplots(len(heights), squeeze=False, height_ratios=[h + 1 for h in heights])
        for ax, comparison in zip(axes[:, 0], comparisons, strict=True):
            roles = {timing.net: timing.role for timing in comparison.timings}
            relative = ratios(comparison.timings)
            bars = ax.barh(
                list(relative), list(relative.values()),
                color=[COLORS[roles[name]] for name in relative],
            )  # fmt: skip
            ax.bar_label(bars, fmt='%.2f', padding=3)
            ax.axvline(1.0, color='black', linewidth=0.8)
            ax.invert_yaxis()
            ax.set_title(f'{comparison.title}: time, less is better', loc='left', fontsize=9)
