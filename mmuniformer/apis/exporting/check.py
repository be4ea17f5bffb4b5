"""Compare the outputs of an exported file with those of the model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch

from .formats import Runner
from .nets import Exportable

TOLERANCE = 1e-4  # relative to the standard deviation of an output
# Odd sizes, sizes below a window, remainders at every stride, square, and batch size 1.
SIZES = ((64, 64), (65, 97), (224, 224), (150, 331))


@dataclass(frozen=True)
class Comparison:
    """Largest output difference, relative to the standard deviation of the output."""

    shape: tuple[int, ...]
    difference: float

    @property
    def agrees(self) -> bool:
        return self.difference <= TOLERANCE


def shapes_to_check(item: Exportable) -> list[tuple[int, ...]]:
    if 2 not in item.axes:
        return [(batch, 3, *item.size) for batch in (1, 3)]
    sizes = [tuple(-(-side // item.multiple) * item.multiple for side in size) for size in SIZES]
    sizes.append(item.size)
    return [(1 + number % 2, 3, *size) for number, size in enumerate(dict.fromkeys(sizes))]


def compare(
    eager: Runner, exported: Runner, shapes: Sequence[tuple[int, ...]]
) -> Iterator[Comparison]:
    """Run both on a random input of each shape."""
    generator = torch.Generator().manual_seed(0)
    for shape in shapes:
        x = torch.randn(shape, generator=generator)
        yield Comparison(shape, difference(eager(x), exported(x)))


def difference(expected: Sequence[torch.Tensor], given: Sequence[torch.Tensor]) -> float:
    """Return the largest difference, infinity if number, shapes or finiteness differ."""
    if [out.shape for out in expected] != [out.shape for out in given]:
        return float('inf')
    worst = max(
        ((a - b).abs().max() / a.std()).item() for a, b in zip(expected, given, strict=True)
    )
    return worst if worst == worst else float('inf')
