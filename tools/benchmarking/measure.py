"""Times of nets in one process on the same input, round by round in turn."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace

import torch
from _complexity_models import Meter
from torch import Tensor, nn

from mmuniformer.apis.benchmarking.nets import Net

FORWARD, TRAIN = 'forward', 'train'
PASSES = {FORWARD: 1, TRAIN: 3}  # a product of matrices has two more in the backward pass
YARDSTICK = {'cpu': 2048, 'cuda': 8192}  # rows and columns of the matrices
DTYPES = {'float32': torch.float32, 'bfloat16': torch.bfloat16, 'float16': torch.float16}


@dataclass
class Timing:
    """One net on one input; ``failure`` says why there are no times.

    ``flops`` are those of a forward pass, a multiply-add as two. ``utilization`` is the model FLOPs
    utilization (MFU), as a share of what a product of two large matrices reached in the same round.
    """

    net: str
    kind: str
    times: list[float] = field(default_factory=list)
    flops: int | None = None
    utilization: float | None = None
    peak_bytes: int | None = None
    failure: str | None = None

    @property
    def median(self) -> float:
        """Seconds."""
        return statistics.median(self.times)

    @property
    def spread(self) -> float:
        """Half the distance of the quartiles, as a share of the median."""
        if len(self.times) < 2:
            return 0.0
        low, _, high = statistics.quantiles(self.times, n=4, method='inclusive')
        return (high - low) / 2 / self.median


@dataclass(frozen=True)
class Task:
    """What is done with an input: the pass, in which precision, where, compiled or not."""

    mode: str
    dtype: str = 'float32'
    device: str = 'cpu'
    compiled: bool = False

    def __str__(self) -> str:
        return f'{self.mode}, {self.dtype}' + (', compiled' if self.compiled else '')

    def precision(self) -> AbstractContextManager:
        if self.dtype == 'float32':
            return nullcontext()
        return torch.autocast(torch.device(self.device).type, DTYPES[self.dtype])

    def run(self, net: nn.Module, x: Tensor) -> None:
        if self.mode == FORWARD:
            with torch.inference_mode(), self.precision():
                net(x)
            return
        with self.precision():
            outs = net(x)
        # Not the mean: gradients so small are denormal numbers here and there, slow on a CPU.
        sum(out.float().sum() for out in tensors(outs)).backward()
        net.zero_grad(set_to_none=True)


def tensors(outs: object) -> Iterator[Tensor]:
    if isinstance(outs, Tensor):
        yield outs
    else:
        for out in outs:
            yield from tensors(out)


def compare(
    nets: Sequence[Net],
    shape: Sequence[int],
    task: Task,
    rounds: int,
    on_step: Callable[[], object] = lambda: None,
) -> list[Timing]:
    """Time ``rounds`` rounds, in each of which every net takes its turn, after one not counted.

    A product of matrices comes first in each round: what the machine can do at that moment.
    ``on_step`` is called ``(1 + rounds) · len(nets)`` times.
    """
    torch.manual_seed(0)
    x = torch.randn(*shape, device=task.device)
    timings = {net.name: Timing(net.name, net.kind) for net in nets}
    running = {}
    for net in nets:
        try:
            running[net.name] = _prepare(net, task, x, timings[net.name])
        except (ImportError, RuntimeError, ValueError, TypeError) as error:
            timings[net.name].failure = _reason(error)
        on_step()
    product = Product(task)
    rates = []
    for _ in range(rounds):
        rates.append(product.rate())
        for name in timings:
            if name in running:
                timings[name].times.append(seconds(task, running[name], x))
            on_step()
    for name in running:
        timing = timings[name]
        work = PASSES[task.mode] * timing.flops
        timing.utilization = statistics.median(
            work / took / rate for took, rate in zip(timing.times, rates, strict=True)
        )
    return list(timings.values())


class Product:
    """A product of two square matrices in the precision of a task, the yardstick of utilization."""

    def __init__(self, task: Task):
        device = torch.device(task.device)
        options = dict(device=device, dtype=DTYPES[task.dtype])
        side = YARDSTICK.get(device.type, YARDSTICK['cpu'])
        self.flops = 2 * side**3
        self._task = replace(task, mode=FORWARD)
        self._matrix = torch.randn(side, side, **options)
        self._product = nn.Linear(side, side, bias=False, **options)
        self.rate()  # the first one takes longer

    def rate(self) -> float:
        """FLOP per second, now."""
        return self.flops / seconds(self._task, self._product, self._matrix)


def count_flops(net: nn.Module, x: Tensor) -> int:
    """FLOPs of a forward pass, a multiply-add as two."""
    meter = Meter()
    net.eval()  # where drop path drops nothing
    # The counter looks for the gradient of what requires one, and views of parameters have none.
    trained = [parameter for parameter in net.parameters() if parameter.requires_grad]
    for parameter in trained:
        parameter.requires_grad_(False)
    meter('net', net, x)
    for parameter in trained:
        parameter.requires_grad_(True)
    return 2 * meter.rows[0].flops  # which counts one


def _prepare(net: Net, task: Task, x: Tensor, timing: Timing) -> nn.Module:
    module = net.build().to(task.device)
    timing.flops = count_flops(module, x)
    module.train(task.mode == TRAIN)
    if task.compiled:
        module.compile()
    before = _memory(x, torch.cuda.memory_allocated) if x.is_cuda else 0
    if x.is_cuda:
        torch.cuda.reset_peak_memory_stats(x.device)
    task.run(module, x)
    if x.is_cuda:
        timing.peak_bytes = _memory(x, torch.cuda.max_memory_allocated) - before
    return module


def _memory(x: Tensor, measure: Callable[[torch.device], int]) -> int:
    torch.cuda.synchronize(x.device)
    return measure(x.device)


def seconds(task: Task, net: nn.Module, x: Tensor) -> float:
    if not x.is_cuda:
        start = time.perf_counter()
        task.run(net, x)
        return time.perf_counter() - start
    start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
    start.record()
    task.run(net, x)
    end.record()
    end.synchronize()
    return start.elapsed_time(end) / 1000


def _reason(error: Exception) -> str:
    if isinstance(error, ImportError):
        return f'not installed: {error}'.split('\n', 1)[0]
    return f'{type(error).__name__}: {error}'.split('\n', 1)[0]


def ratios(timings: Iterable[Timing]) -> dict[str, float]:
    """Time of each net in times of the first one, over the rounds in which both ran.

    The median of the rounds' ratios: a moment in which the machine was busy slows both.
    """
    first, *others = timings
    result = {first.net: 1.0} if first.times else {}
    for other in others:
        if first.times and other.times:
            pairs = zip(other.times, first.times, strict=True)
            result[other.net] = statistics.median(theirs / ours for theirs, ours in pairs)
    return result
