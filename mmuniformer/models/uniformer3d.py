"""UniFormer for video: the same stages with a time axis (Sec. 4.2)."""

from collections.abc import Sequence
from typing import Any

from torch import nn

from ..layers import DividedBlock
from ..registry import MODELS
from .uniformer import OutNorm, UniFormer, VideoAttention


@MODELS.register_module()
class UniFormer3D(UniFormer):
    """UniFormer for video (Sec. 4.2): clips ``(B, C, T, H, W)``, time halved before stage 1.

    Args:
        attention: ``'joint'``, over space and time at once; or ``'divided'``, along time first and
            then within each frame (Table 11), with a second attention layer in every global block.
        out_indices: an int, the default, gives one map ``(B, C, T / 2, H / 32, W / 32)``, which
            mmaction2's heads take; a sequence gives a tuple.
        **options: see :class:`UniFormer`; there is no ``window_size``.

    2D weights given in ``init_cfg`` are inflated, ``inflation='average'`` or ``'center'``. With
    ``'center'`` and joint attention, a clip of equal frames gives the answer to the image in every
    frame. With ``'average'``, as published, only frames that no zero padding reaches do: in a net
    without attention those far enough from both ends.

    Raises:
        ValueError: see :class:`UniFormer`; or divided attention does not go with ``arch``.
        TypeError: ``window_size`` is given.

    Example:
        >>> import torch
        >>> from mmuniformer.models import UniFormer3D
        >>> net = UniFormer3D(arch='small', out_indices=3).eval()
        >>> print(tuple(net(torch.rand(1, 3, 8, 64, 96)).shape))
        (1, 512, 4, 2, 3)
    """

    ndim = 3
    input_axes = 'B, C, T, H, W'
    attentions = VideoAttention

    def __init__(
        self,
        *,
        attention: VideoAttention = 'joint',
        out_indices: int | Sequence[int] = 3,
        out_norm: OutNorm = 'batch',
        **options: Any,
    ):
        if 'window_size' in options:
            raise TypeError('UniFormer3D has no windows, and no window_size')
        super().__init__(attention=attention, out_indices=out_indices, out_norm=out_norm, **options)

    def make_global_block(self, stage: int, number: int, **options: Any) -> nn.Module:
        if self.attention == 'joint':
            return super().make_global_block(stage, number, **options)
        if options['layer_scale'] is not None:
            raise ValueError(
                f"attention 'divided' has no layer scale, and arch gives stage {stage + 1} one; "
                'leave it out there'
            )
        return DividedBlock(self.arch.dims[stage], **options)
