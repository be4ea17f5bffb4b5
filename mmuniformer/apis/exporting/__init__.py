"""Export models to ONNX and torch.export, and verify the files against the models."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from mmengine.config import Config

from ..configs import load_config
from ..model import load_model
from ..timing import latencies
from .check import TOLERANCE, Comparison, compare, shapes_to_check
from .formats import FORMATS, FormatName, find_format, fix_size, make_runner, write
from .nets import Exportable, Part, make_exportable

__all__ = [
    'FORMATS',
    'TOLERANCE',
    'Comparison',
    'ExportReport',
    'Exportable',
    'Part',
    'export',
    'make_exportable',
]


@dataclass(frozen=True)
class ExportReport:
    """An exported file and its differences from the model.

    Attributes:
        comparisons: largest output differences for several input shapes.
    """

    file: Path
    format: FormatName
    item: Exportable
    comparisons: tuple[Comparison, ...]

    @property
    def agrees(self) -> bool:
        """True if no output differs by more than 1e-4 of its standard deviation."""
        return all(comparison.agrees for comparison in self.comparisons)

    @property
    def megabytes(self) -> float:
        """Size of the file in MB, including external weights."""
        data = self.file.with_name(self.file.name + '.data')
        return sum(path.stat().st_size for path in (self.file, data) if path.is_file()) / 1e6

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Shape of a typical input with a batch of 1."""
        return (1, 3, *self.item.size)

    def measure(self, rounds: int = 10) -> dict[str, float]:
        """Return the seconds of a forward pass on one CPU thread: ``eager`` and ``file``."""
        threads = torch.get_num_threads()
        torch.set_num_threads(1)
        try:
            runners = {
                'eager': make_runner(self.item.net),
                'file': FORMATS[self.format].open(self.file, 1),
            }
            return latencies(runners, torch.randn(self.input_shape), rounds)
        finally:
            torch.set_num_threads(threads)


def export(
    config: str | Path | Config,
    checkpoint: str | Path,
    out: str | Path,
    *,
    format: FormatName = 'onnx',
    part: Part = 'model',
    fixed_size: Sequence[int] | None = None,
    fuse: bool = False,
) -> ExportReport:
    """Export a model, run the file on several input shapes and compare it with the model.

    The input is a batch of normalized images ``(B, 3, H, W)`` or videos ``(B, 3, T, H, W)``.

    Args:
        config: config file, name of a config of this package, or a loaded config.
        checkpoint: file written by training, or ``'random'``.
        out: output file.
        format: ``'onnx'`` or ``'torch_export'``.
        part: the whole model, or the backbone only.
        fixed_size: fixed ``(H, W)`` in pixels; default: dynamic.
        fuse: fold norms into convolutions first.

    Example:
        >>> report = export('mini_uniformer_s_in1k', 'random', 'model.pt2', format='torch_export',
        ...                 fixed_size=(64, 64))
        >>> report.agrees, report.item.axes
        (True, {0: 'batch'})

    Raises:
        FileNotFoundError: the config or checkpoint does not exist.
        ValueError: the model cannot be exported this way; the message gives the reason.
        ImportError: packages required by the format are not installed.
    """
    out, spec = Path(out), find_format(format)
    if out.is_dir():
        raise ValueError(f'{out} is a folder; name a file')
    loaded = load_config(config)
    item = make_exportable(loaded, load_model(loaded, checkpoint), part, fuse)
    fix_size(item, fixed_size, format)
    write(item, out, format)
    compared = compare(make_runner(item.net), spec.open(out), shapes_to_check(item))
    return ExportReport(out, format, item, tuple(compared))
