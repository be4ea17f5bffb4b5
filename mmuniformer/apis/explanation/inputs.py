"""Read images and videos as inputs of the model of a config."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from mmengine.config import Config
from mmengine.model import BaseModel
from numpy import ndarray
from torch import Tensor

from ...models import UniFormerLight, UniFormerV2
from ..configs import find_setting
from ..media import MediaError, VideoReader, read_image
from ..toolbox import FRAME_SAMPLERS, find_toolbox

STRIDE = 32  # stride of the last stage
MIN_SIDE = 32


@dataclass(frozen=True)
class Input:
    """An image or video, for drawing and as network input.

    Attributes:
        frames: the image, or the sampled frames of the video: uint8 BGR.
        tensor: ``(1, 3, H, W)``, or ``(1, 3, T, H, W)`` for a video, normalized.
        fps: sampled frames per second of video; 0 for an image.
    """

    frames: list[ndarray]
    tensor: Tensor
    fps: float = 0.0

    @property
    def is_video(self) -> bool:
        return self.tensor.ndim == 5


def read_input(
    path: Path, config: Config, model: BaseModel, size: Sequence[int] | None = None
) -> Input:
    """Read an image, or frames from the middle of a video for a video model.

    Args:
        size: input size ``(H, W)`` in pixels, at least 32; default: that of the config's test
            pipeline, in the aspect ratio of the image if the network supports it.

    Raises:
        FileNotFoundError: the file does not exist.
        ValueError: OpenCV cannot read it, or ``size`` is too small.
    """
    check_input(path, size)
    toolbox = find_toolbox(config)
    *count, height, width = toolbox.input_shape(config)
    if count:
        interval = find_setting(config, FRAME_SAMPLERS, 'frame_interval')
        frames, fps = read_frames(path, count[0], interval)
    else:
        frames, fps = [read_image(path)], 0.0
    if size is None:
        size = (height, width)
        one_size = toolbox.scope == 'mmpose'
        if not one_size and not isinstance(model.backbone, UniFormerV2 | UniFormerLight):
            size = fit_size(frames[0], min(size))
    preprocessor = model.data_preprocessor
    swaps = any(getattr(preprocessor, name, False) for name in ('_channel_conversion', 'to_rgb'))
    images = [to_tensor(frame, size, rgb=swaps != toolbox.loads_rgb) for frame in frames]
    tensor = torch.stack(images, 1) if count else images[0]
    if getattr(preprocessor, 'mean', None) is not None:
        shape = (3, *[1] * (tensor.ndim - 1))
        tensor = (tensor - preprocessor.mean.view(shape)) / preprocessor.std.view(shape)
    return Input(frames, tensor.unsqueeze(0), fps)


def check_input(path: Path, size: Sequence[int] | None) -> None:
    if not path.is_file():
        raise FileNotFoundError(f'input {path} does not exist')
    if size is not None and min(size) < MIN_SIDE:
        raise ValueError(f'size {tuple(size)}: height and width are at least {MIN_SIDE} pixels')


def fit_size(image: ndarray, short_side: int) -> tuple[int, int]:
    """Return a multiple of the stride with the image's aspect ratio and about this short side."""
    scale = short_side / min(image.shape[:2])
    return tuple(max(round(side * scale / STRIDE), 1) * STRIDE for side in image.shape[:2])


def to_tensor(image: ndarray, size: Sequence[int], rgb: bool) -> Tensor:
    """Resize a BGR image to ``(H, W)``; return ``(3, H, W)`` with values from 0 to 255."""
    height, width = size
    shrinks = height * width < image.shape[0] * image.shape[1]
    interpolation = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    image = cv2.resize(image, (width, height), interpolation=interpolation)
    if rgb:
        image = image[..., ::-1]
    return torch.from_numpy(np.ascontiguousarray(image.transpose(2, 0, 1))).float()


def read_frames(path: Path, count: int, interval: int | None) -> tuple[list[ndarray], float]:
    """Read ``count`` frames at an ``interval`` in the middle, or uniformly sampled if None."""
    try:
        reader = VideoReader(path)
        frames = list(reader)
    except MediaError as error:
        raise MediaError(f'{error}; the model takes videos') from error
    step = interval or len(frames) / count
    first = max((len(frames) - step * count) / 2, 0)
    chosen = [min(int(first + step * number), len(frames) - 1) for number in range(count)]
    return [frames[number] for number in chosen], max(reader.fps / step, 1.0)
