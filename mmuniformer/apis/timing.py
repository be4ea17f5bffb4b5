"""Latency of networks and other callables."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import torch
from mmengine.config import Config
from torch import Tensor

from .configs import load_config
from .model import build_model, get_in_channels
from .toolbox import check_shape, find_toolbox

Clock = Callable[[], float]
ROUNDS = 3


def latency(
    config: str | Path | Config,
    shape: Sequence[int] | None = None,
    *,
    device: str = 'cpu',
    rounds: int = ROUNDS,
) -> float:
    """Return the time in seconds of a forward pass of the model of a config, with batch size 1.

    It is the median of several passes after a warm-up, with random weights and without data loading
    and post-processing.

    Args:
        shape: ``(H, W)`` of the input in pixels, ``(T, H, W)`` for video; default: that of the
            papers' tables.

    Example:
        >>> latency('uniformer_xxs_in1k_128', rounds=1) > 0
        True

    Raises:
        FileNotFoundError: the config does not exist.
        ValueError: the config has no supported model, the shape is invalid, the device does not
            exist, or ``rounds`` is less than 1.
    """
    place = check_device(device)
    config = load_config(config)
    toolbox = find_toolbox(config)
    shape = check_shape(toolbox.table_shape(config) if shape is None else shape, toolbox.axes)
    # The number of proposals of a detector depends on its weights.
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(0)
        model = build_model(config)
        x = torch.rand(1, get_in_channels(model), *shape)
    model.to(place).eval()
    with torch.no_grad():
        times = latencies({'model': lambda x: toolbox.run(model, x)}, x.to(place), rounds)
    return times['model']


def latencies(
    functions: Mapping[str, Callable[[Tensor], object]], x: Tensor, rounds: int = ROUNDS
) -> dict[str, float]:
    """Return the median seconds of each function of ``x``, timed in turn after a warm-up.

    Example:
        >>> times = latencies({'sum': torch.sum, 'mean': torch.mean}, torch.ones(8))
        >>> list(times), min(times.values()) > 0
        (['sum', 'mean'], True)

    Raises:
        ValueError: ``rounds`` is less than 1.
    """
    steps = {name: lambda function=function: function(x) for name, function in functions.items()}
    times = time_rounds(steps, rounds, device=x.device)
    return {name: statistics.median(values) for name, values in times.items()}


def time_rounds(
    steps: Mapping[str, Callable[[], object]],
    rounds: int,
    *,
    warmup: int = 1,
    device: str | torch.device = 'cpu',
    clock: Clock = time.perf_counter,
    on_step: Callable[[str], object] = lambda name: None,
) -> dict[str, list[float]]:
    """Time steps in interleaved rounds, so that a busy machine slows down all of them.

    Args:
        steps: functions to time, by name.
        warmup: number of rounds that are not timed.
        device: device of the steps; on a GPU, a step ends when its kernels have finished.
        clock: returns seconds; used on a CPU.
        on_step: called with the name of each step after it was timed.

    Returns:
        Seconds per round, by name.

    Raises:
        ValueError: ``rounds`` is less than 1.
    """
    if rounds < 1:
        raise ValueError(f'rounds is {rounds}; at least 1 is needed')
    for _ in range(warmup):
        for step in steps.values():
            step()
    times: dict[str, list[float]] = {name: [] for name in steps}
    for _ in range(rounds):
        for name, step in steps.items():
            times[name].append(time_step(step, device, clock))
            on_step(name)
    return times


def time_step(
    step: Callable[[], object],
    device: str | torch.device = 'cpu',
    clock: Clock = time.perf_counter,
) -> float:
    """Return the time of a call in seconds, on a GPU until its kernels have finished."""
    device = torch.device(device)
    if device.type != 'cuda':
        began = clock()
        step()
        return clock() - began
    with torch.cuda.device(device):
        start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        start.record()
        step()
        end.record()
        end.synchronize()
    return start.elapsed_time(end) / 1000


def check_device(device: str | torch.device) -> torch.device:
    """Return a device by name.

    Example:
        >>> check_device('cpu')
        device(type='cpu')

    Raises:
        ValueError: the name is unknown, or there is no such device.
    """
    try:
        found = torch.device(device)
    except RuntimeError as error:
        raise ValueError(f'the device {device!r} is none of PyTorch; use cpu or cuda') from error
    if found.type == 'cuda' and (found.index or 0) >= torch.cuda.device_count():
        raise ValueError(f'device {device}: PyTorch finds no GPU here; use cpu')
    return found


def describe_device(device: str | torch.device) -> str:
    """Return the name of a GPU, or the number of threads of the CPU."""
    if torch.device(device).type == 'cuda':
        return torch.cuda.get_device_name(device)
    return f'CPU, {torch.get_num_threads()} threads'
