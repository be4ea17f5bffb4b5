"""Time of one forward pass of one input, without loading, pre- and post-processing of results."""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence

import torch
from _complexity_models import channels_of, detection_samples
from complexity import build, toolbox_of
from mmengine.config import Config
from torch import Tensor, nn

RUNS = 3


def measure_latency(config: Config, shape: Sequence[int], device: str) -> float:
    """Give the median of a few runs in milliseconds, after one that is not counted.

    Args:
        shape: height and width of the input, for video with frames in front.
    """
    torch.manual_seed(0)
    model = build(config, toolbox_of(config)).to(device).eval()
    image = torch.rand(1, channels_of(model), *shape, device=device)
    times = []
    with torch.no_grad():
        for _ in range(RUNS + 1):
            start = time.perf_counter()
            forward(model, image, config.default_scope)
            if image.is_cuda:
                torch.cuda.synchronize(image.device)
            times.append((time.perf_counter() - start) * 1000)
    return statistics.median(times[1:])


def forward(model: nn.Module, image: Tensor, scope: str) -> None:
    if scope == 'mmdet':
        model(image, detection_samples(image), mode='tensor')
    elif scope == 'mmaction':
        model(image[:, None], mode='tensor', stage='head')
    else:
        model(image, None, mode='tensor')


def describe_device(device: str) -> str:
    if device.startswith('cuda'):
        return torch.cuda.get_device_name(device)
    return f'CPU, {torch.get_num_threads()} threads'
