"""Timing of networks in one process on the same input, interleaved in rounds."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Literal

import torch
from torch import Tensor, nn

from ..flops import count_flops
from ..timing import time_rounds
from .nets import Net, Role

Mode = Literal['forward', 'train']
DType = Literal['float32', 'bfloat16', 'float16']
Step = Callable[[], object]
# Passes as multiples of a forward pass: a matrix product has two more in the backward pass.
PASSES: dict[Mode, int] = {'forward': 1, 'train': 3}
PRODUCT = 'product of matrices'  # among the names of networks
PRODUCT_SIZE = {'cpu': 2048, 'cuda': 8192}  # rows and columns
DTYPES: dict[DType, torch.dtype] = {
    'float32': torch.float32,
    'bfloat16': torch.bfloat16,
    'float16': torch.float16,
}


@dataclass
class Timing:
    """Measurements of one network on one input.

    Attributes:
        times: seconds per round.
        flops: FLOPs of a forward pass; a multiply-add counts as two.
        utilization: model FLOPs utilization (MFU), relative to the throughput of a large matrix
            product in the same round.
        peak_bytes: peak memory of a GPU.
        failure: the reason if there are no times.
    """

    net: str
    role: Role
    times: list[float] = field(default_factory=list)
    flops: int | None = None
    utilization: float | None = None
    peak_bytes: int | None = None
    failure: str | None = None

    @property
    def median(self) -> float:
        """Median time in seconds."""
        return statistics.median(self.times)

    @property
    def spread(self) -> float:
        """Half the interquartile range, relative to the median."""
        if len(self.times) < 2:
            return 0.0
        low, _, high = statistics.quantiles(self.times, n=4, method='inclusive')
        return (high - low) / 2 / self.median


@dataclass(frozen=True)
class Task:
    """What is timed: forward pass or training step, precision, device, compiled or not."""

    mode: Mode
    dtype: DType = 'float32'
    device: str = 'cpu'
    compiled: bool = False

    def __str__(self) -> str:
        return f'{self.mode}, {self.dtype}' + (', compiled' if self.compiled else '')

    def autocast(self) -> AbstractContextManager:
        if self.dtype == 'float32':
            return nullcontext()
        return torch.autocast(torch.device(self.device).type, DTYPES[self.dtype])

    def run(self, net: nn.Module, x: Tensor) -> None:
        if self.mode == 'forward':
            with torch.inference_mode(), self.autocast():
                net(x)
            return
        with self.autocast():
            outs = net(x)
        # Not the mean: some of its gradients are so small that they are denormal, slow on a CPU.
        torch.stack([out.float().sum() for out in flatten(outs)]).sum().backward()
        net.zero_grad(set_to_none=True)


def flatten(outs: Tensor | Iterable) -> Iterator[Tensor]:
    if isinstance(outs, Tensor):
        yield outs
    else:
        for out in outs:
            yield from flatten(out)


def compare(
    nets: Sequence[Net],
    shape: Sequence[int],
    task: Task,
    rounds: int,
    on_step: Callable[[], object] = lambda: None,
) -> list[Timing]:
    """Time networks, and a matrix product, on an input ``(B, C, *S)`` after a warm-up.

    The product comes first in each round and measures the current throughput of the machine.

    Args:
        on_step: called ``(1 + rounds) · len(nets)`` times.
    """
    device = torch.device(task.device)
    timings = {net.name: Timing(net.name, net.role) for net in nets}
    steps: dict[str, Step] = {}
    with torch.random.fork_rng(devices=[device] if device.type == 'cuda' else []):
        torch.manual_seed(0)
        x = torch.randn(*shape, device=device)
        for net in nets:
            try:
                steps[net.name] = _prepare(net, task, x, timings[net.name])
            except (ImportError, RuntimeError, ValueError, TypeError) as error:
                timings[net.name].failure = _describe(error)
                for _ in range(rounds):
                    on_step()
            on_step()
        flops, product = make_product(task)
        product()  # warm-up
        times = time_rounds(
            {PRODUCT: product, **steps}, rounds, warmup=0, device=device,
            on_step=lambda name: None if name == PRODUCT else on_step(),
        )  # fmt: skip
    for name in steps:
        timing = timings[name]
        timing.times = times[name]
        work = PASSES[task.mode] * (timing.flops or 0)
        timing.utilization = statistics.median(
            work / took / (flops / reference)
            for took, reference in zip(timing.times, times[PRODUCT], strict=True)
        )
    return list(timings.values())


def make_product(task: Task) -> tuple[int, Step]:
    """Return a function that multiplies two square matrices, and its FLOPs."""
    device = torch.device(task.device)
    size = PRODUCT_SIZE.get(device.type, PRODUCT_SIZE['cpu'])
    matrix = torch.randn(size, size, device=device, dtype=DTYPES[task.dtype])
    product = nn.Linear(size, size, bias=False, device=device, dtype=DTYPES[task.dtype])
    return 2 * size**3, partial(replace(task, mode='forward').run, product, matrix)


def count_operations(net: nn.Module, x: Tensor) -> int:
    """Return the FLOPs of a forward pass; a multiply-add counts as two."""
    net.eval()  # disables drop path
    # The counter looks for the gradient of what requires one, and views of parameters have none.
    trained = [parameter for parameter in net.parameters() if parameter.requires_grad]
    for parameter in trained:
        parameter.requires_grad_(False)
    _, flops = count_flops(net, x)
    for parameter in trained:
        parameter.requires_grad_(True)
    return 2 * flops


def _prepare(net: Net, task: Task, x: Tensor, timing: Timing) -> Step:
    """Build a network, count its FLOPs and run it once as a warm-up."""
    module = net.build().to(task.device)
    timing.flops = count_operations(module, x)
    module.train(task.mode == 'train')
    if task.compiled:
        module.compile()
    before = _memory(x, torch.cuda.memory_allocated) if x.is_cuda else 0
    if x.is_cuda:
        torch.cuda.reset_peak_memory_stats(x.device)
    task.run(module, x)
    if x.is_cuda:
        timing.peak_bytes = _memory(x, torch.cuda.max_memory_allocated) - before
    return partial(task.run, module, x)


def _memory(x: Tensor, measure: Callable[[torch.device], int]) -> int:
    torch.cuda.synchronize(x.device)
    return measure(x.device)


def _describe(error: Exception) -> str:
    name = 'not installed' if isinstance(error, ImportError) else type(error).__name__
    return f'{name}: {error}'.split('\n', 1)[0]


def ratios(timings: Iterable[Timing]) -> dict[str, float]:
    """Return the time of each network as a multiple of the first one's.

    The result is the median of the ratios per round, because a busy machine slows down both.
    """
    first, *others = timings
    result = {first.net: 1.0} if first.times else {}
    for other in others:
        if first.times and other.times:
            pairs = zip(other.times, first.times, strict=True)
            result[other.net] = statistics.median(theirs / ours for theirs, ours in pairs)
    return result
