"""Comparisons of networks on the inputs of the suites."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ...models.checks import choice
from ..timing import check_device
from .nets import SUITES, Net, Suite, with_fused
from .timing import DType, Mode, Task, Timing, compare


@dataclass
class Comparison:
    """Times of several networks on one input in one task."""

    input: str
    shape: tuple[int, ...]
    task: Task
    timings: list[Timing]

    @property
    def title(self) -> str:
        return f'{self.input}, {self.task}'


@dataclass(frozen=True)
class Plan:
    """A comparison that has not run yet."""

    input: str
    shape: tuple[int, ...]
    task: Task
    nets: tuple[Net, ...]
    rounds: int

    @property
    def steps(self) -> int:
        return (1 + self.rounds) * len(self.nets)

    def run(self, on_step: Callable[[], object] = lambda: None) -> Comparison:
        """Time the networks; ``on_step`` is called ``steps`` times."""
        timings = compare(self.nets, self.shape, self.task, self.rounds, on_step)
        return Comparison(self.input, self.shape, self.task, timings)


def benchmark(suites: str | Sequence[str] = 'image-s', **options: Any) -> list[Comparison]:
    """Compare the speed of backbones with the original code, Swin and others.

    Args:
        suites: names of ``SUITES``.
        options: those of :func:`plan_comparisons`.

    Example:
        >>> comparison, = benchmark('image-s', inputs=['64x64'], nets=['ResNet-50'], rounds=1)
        >>> comparison.title, len(comparison.timings)
        ('64×64, forward, float32', 2)

    Raises:
        ValueError: an unknown suite or input, or options that exclude each other.
    """
    return [plan.run() for plan in plan_comparisons(suites, **options)]


def plan_comparisons(
    suites: str | Sequence[str] = 'image-s',
    *,
    modes: Sequence[Mode] = ('forward',),
    dtypes: Sequence[DType] = ('float32',),
    inputs: Sequence[str] | None = None,
    batch: int | None = None,
    nets: Sequence[str] = ('*',),
    device: str = 'cpu',
    rounds: int = 5,
    compiled: bool = False,
    fused: bool = False,
) -> list[Plan]:
    """Plan a comparison for each suite, input, mode and precision.

    Args:
        inputs: parts of their names in the suite, or ``HEIGHTxWIDTH``
            (``FRAMESxHEIGHTxWIDTH`` for video). Default: all of the suite.
        batch: batch size. Default: that of the suite.
        nets: patterns like ``'Swin*'``; the first network of a suite is always compared.
        compiled: compile the networks with ``torch.compile``.
        fused: also time the fused versions of our networks.

    Raises:
        ValueError: an unknown suite or input, or options that exclude each other.
    """
    suites = [suites] if isinstance(suites, str) else suites
    check_device(device)
    for name, given, allowed in (('mode', modes, Mode), ('dtype', dtypes, DType)):
        for word in given:
            choice(name, word, allowed)
    if unknown := [name for name in suites if name not in SUITES]:
        raise ValueError(f'there is no suite {unknown[0]!r}; there are {", ".join(SUITES)}')
    for name, value in (('rounds', rounds), ('batch', batch)):
        if value is not None and value < 1:
            raise ValueError(f'{name} is at least 1, got {value}')
    if fused and 'train' in modes:
        raise ValueError('a fused network cannot be trained; compare it in the mode forward')
    tasks = [Task(mode, dtype, device, compiled) for mode in modes for dtype in dtypes]
    plans = []
    for suite in [SUITES[name] for name in suites]:
        chosen = suite.choose(nets)
        chosen = tuple(with_fused(chosen)) if fused else chosen
        for label, shape in choose_inputs(suite, inputs):
            if batch:
                label, shape = f'{label.split(",")[0]}, batch {batch}', (batch, *shape[1:])
            plans += [Plan(label, shape, task, chosen, rounds) for task in tasks]
    return plans


def choose_inputs(
    suite: Suite, wanted: Sequence[str] | None
) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Yield name and shape of the suite's inputs, or of those selected by name or size.

    Raises:
        ValueError: an input is neither a part of a name nor a size.
    """
    if wanted is None:
        yield from suite.inputs.items()
        return
    dimensions = len(next(iter(suite.inputs.values()))) - 2
    for text in wanted:
        known = [item for item in suite.inputs.items() if text.replace('x', '×') in item[0]]
        if known:
            yield from known
            continue
        sizes = text.split('x')
        if len(sizes) != dimensions or not all(size.isdigit() and int(size) for size in sizes):
            raise ValueError(
                f'{text!r} is no input of the suite ({"; ".join(suite.inputs)}) and not '
                f'{dimensions} numbers like {"x".join(["224"] * dimensions)}'
            )
        yield '×'.join(sizes), (1, 3, *map(int, sizes))
