"""UniFormer for video: the same stages, with a time axis (Sec. 4.2)."""

from collections.abc import Sequence
from typing import Any

from torch import nn

from ..layers import DividedBlock
from ..registry import MODELS
from .uniformer import UniFormer


@MODELS.register_module()
class UniFormer3D(UniFormer):
    """UniFormer for video (Sec. 4.2): clips ``(B, C, T, H, W)``, time halved before stage 1.

    Args:
        attention: ``'joint'``, over space and time at once; or ``'divided'``, along time first and
            then within each frame (Table 11), with a second attention layer in every global block.
        out_indices: an int, the default, gives one map ``(B, C, T / 2, H / 32, W / 32)``, which is
            what the heads of mmaction2 take; a sequence gives a tuple.
        **options: as in :class:`UniFormer`, except for ``window_size``.

    2D weights given in ``init_cfg`` are inflated, ``inflation='average'`` or ``'center'``. With
    ``'center'`` a clip of equal frames gives the answer to the picture in every frame, if the
    attention is joint. With ``'average'``, as published, only frames that no zero padding reaches
    do: of a net without attention those far enough from both ends.

    Raises:
        ValueError: as for :class:`UniFormer`, or a form that divided attention does not have.
        TypeError: ``window_size`` is given.

    Example:
        >>> import torch
        >>> from mmuniformer.models import UniFormer3D
        >>> net = UniFormer3D(arch='small', out_indices=3).eval()
        >>> print(tuple(net(torch.rand(1, 3, 8, 64, 96)).shape))
        (1, 512, 4, 2, 3)
    """

    ndim = 3
    attentions = ('joint', 'divided')
    input_axes = 'B, C, T, H, W'

    def __init__(
        self,
        *,
        attention: str = 'joint',
        out_indices: int | Sequence[int] = 3,
        out_norm: str = 'batch',
        **options: Any,
    ):
        if 'window_size' in options:
            raise TypeError('UniFormer3D has no windows, and no window_size')
        super().__init__(attention=attention, out_indices=out_indices, out_norm=out_norm, **options)

    def _check_arch(self) -> None:
        super()._check_arch()
        if self.attention != 'divided':
            return
        stages = [index for index, kind in enumerate(self.arch.stage_types) if kind == 'global']
        if not stages:
            raise ValueError(
                f"attention 'divided' is of global stages, and arch stage_types are "
                f"{self.arch.stage_types}; use attention='joint'"
            )
        for index in stages:
            if self.arch.layer_scale_of(index) is not None or self.arch.kv_strides[index] > 1:
                raise ValueError(
                    f"attention 'divided' has neither layer scale nor kv_strides, and arch gives "
                    f'stage {index + 1} one of them; leave it out there'
                )

    def _make_global_block(self, stage: int, number: int, **options: Any) -> nn.Module:
        if self.attention == 'joint':
            return super()._make_global_block(stage, number, **options)
        del options['layer_scale']  # none, see _check_arch
        return DividedBlock(self.arch.dims[stage], **options)
