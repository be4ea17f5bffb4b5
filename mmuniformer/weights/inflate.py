"""2D → 3D: image weights for a video net (UniFormer, Sec. 4.2)."""

import torch
from torch import Tensor

INFLATIONS = ('average', 'center')


def inflate(weight: Tensor, length: int, how: str = 'average') -> Tensor:
    """Give a convolution weight ``(O, I, h, w)`` a time axis: ``(O, I, length, h, w)``.

    ``'average'``, as published, distributes it evenly: a clip of identical frames then gives the
    image's response wherever the kernel does not touch padding. ``'center'`` puts it in the middle.

    Raises:
        ValueError: ``how`` is neither.
    """
    if how not in INFLATIONS:
        raise ValueError(f'inflation {how!r} is none of {INFLATIONS}')
    if how == 'average':
        return weight.unsqueeze(2).repeat(1, 1, length, 1, 1) / length
    inflated = torch.zeros(*weight.shape[:2], length, *weight.shape[2:], dtype=weight.dtype)
    inflated[:, :, length // 2] = weight
    return inflated
