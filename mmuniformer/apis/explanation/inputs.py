"""Pictures and clips as a model of a config takes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from _complexity_models import FRAME_SAMPLERS, TOOLBOXES, setting
from demos.inputs import read_picture as decode
from mmengine.config import Config
from numpy import ndarray
from torch import Tensor, nn

from mmuniformer.models import UniFormerLight, UniFormerV2

STRIDE = 32  # of the last stage


@dataclass(frozen=True)
class Input:
    """Pictures as they are drawn upon, and as the net takes them.

    Attributes:
        frames: the picture, or the frames of the clip that the net sees: uint8 BGR.
        tensor: ``(1, 3, H, W)``, or ``(1, 3, T, H, W)`` of a clip, normalised.
        fps: of the clip, as many frames as the net sees in a second; 0 for a picture.
    """

    frames: list[ndarray]
    tensor: Tensor
    fps: float = 0.0

    @property
    def is_clip(self) -> bool:
        return self.tensor.ndim == 5


def read_input(
    path: Path, config: Config, model: nn.Module, size: Sequence[int] | None = None
) -> Input:
    """Read a picture, or the middle of a clip for a net of clips.

    Raises:
        ValueError: OpenCV cannot read it, or the config does not tell a size.
    """
    scope = config.get('default_scope')
    if scope not in TOOLBOXES:
        raise ValueError(f'default_scope {scope!r} is none of {", ".join(TOOLBOXES)}')
    if scope == 'mmaction':
        count, *own = TOOLBOXES[scope].shape(config)
        frames, fps = read_clip(path, count, setting(config, FRAME_SAMPLERS, 'frame_interval'))
    else:
        own, (frames, fps) = picture_size(config, scope), ([read_picture(path)], 0.0)
    fixed = scope == 'mmpose' or isinstance(model.backbone, UniFormerV2 | UniFormerLight)
    size = size or (own if fixed else like(frames[0], min(own)))
    preprocessor = model.data_preprocessor
    swaps = any(getattr(preprocessor, name, False) for name in ('_channel_conversion', 'to_rgb'))
    # Loaders of mmaction2 give red first, those of the other toolboxes blue first.
    rgb = swaps != (scope == 'mmaction')
    images = [to_tensor(frame, size, rgb) for frame in frames]
    tensor = torch.stack(images, 1) if scope == 'mmaction' else images[0]
    if getattr(preprocessor, 'mean', None) is not None:
        shape = (3, *[1] * (tensor.ndim - 1))
        tensor = (tensor - preprocessor.mean.view(shape)) / preprocessor.std.view(shape)
    return Input(frames, tensor.unsqueeze(0), fps)


def picture_size(config: Mapping, scope: str) -> tuple[int, ...]:
    if scope == 'mmseg':
        size = (config['model'].get('data_preprocessor') or {}).get('size') or (512, 512)
    elif scope == 'mmdet':
        size = setting(config, ('Resize',), 'scale') or (1333, 800)
    else:
        size = TOOLBOXES[scope].shape(config)
    return tuple(size)


def like(picture: ndarray, short: int) -> tuple[int, int]:
    """A size of the picture's shape, in whole strides, whose shorter side is about ``short``."""
    scale = short / min(picture.shape[:2])
    return tuple(max(round(side * scale / STRIDE), 1) * STRIDE for side in picture.shape[:2])


def to_tensor(picture: ndarray, size: Sequence[int], rgb: bool) -> Tensor:
    height, width = size
    shrinks = height * width < picture.shape[0] * picture.shape[1]
    way = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    picture = cv2.resize(picture, (width, height), interpolation=way)
    if rgb:
        picture = picture[..., ::-1]
    return torch.from_numpy(np.ascontiguousarray(picture.transpose(2, 0, 1))).float()


def read_picture(path: Path) -> ndarray:
    picture = decode(path)
    if picture is None:
        raise ValueError(f'{path} is no picture that OpenCV can read')
    return picture


def read_clip(path: Path, count: int, interval: int | None) -> tuple[list[ndarray], float]:
    """Read ``count`` frames, ``interval`` apart in the middle, or evenly spread if None."""
    video = cv2.VideoCapture(str(path))
    frames = []
    while (read := video.read())[0]:
        frames.append(read[1])
    fps = video.get(cv2.CAP_PROP_FPS) or 25.0
    video.release()
    if not frames:
        raise ValueError(f'{path} is no video that OpenCV can read; the config is of clips')
    step = interval or len(frames) / count
    first = max((len(frames) - step * count) / 2, 0)
    chosen = [min(int(first + step * number), len(frames) - 1) for number in range(count)]
    return [frames[number] for number in chosen], max(fps / step, 1.0)
