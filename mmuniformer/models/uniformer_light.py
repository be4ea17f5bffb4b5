"""The light UniFormer, XXS and XS: its global blocks shrink the tokens and recover them."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from ..layers import HourglassBlock, HourglassState, pool_score
from ..registry import MODELS
from .arch import LightArch, find_light_arch
from .uniformer import UniFormer

FIRST_GLOBAL = 2  # the stage, counted from 0, where the class token comes in


@MODELS.register_module()
class UniFormerLight(UniFormer):
    """Light (hourglass) UniFormer for images.

    From stage 3 on a class token runs along. Each block updates the half of the tokens it attends
    to most, and all others by the update of their mean:
    :class:`~mmuniformer.layers.HourglassBlock`. Rows and columns beyond a multiple of the stride
    are rounded up before stage 1 and dropped before the others, as the released models do.

    Args:
        arch: row of :data:`mmuniformer.models.LIGHT_ARCHS`, or a dict of
            :class:`~mmuniformer.models.LightArch` fields.
        attention: ``'global'``.
        out_cls_token: in the classifiers' form, ``out_norm='batch'``, return with the map also the
            class token ``(B, C)`` behind a LayerNorm, as a pair. The released classifiers learn
            from both, with a head and half of the loss each, and predict from the map alone.
        **options: as in :class:`~mmuniformer.models.UniFormer`, except for ``window_size``.

    Raises:
        ValueError: an argument or an input that is not allowed; the message says what is.

    Example:
        >>> import torch
        >>> from mmuniformer.models import UniFormerLight
        >>> net = UniFormerLight(arch='xxs', out_indices=3, out_norm='batch', out_cls_token=True)
        >>> features, cls_token = net(torch.rand(2, 3, 160, 160))
        >>> print(tuple(features.shape), tuple(cls_token.shape))
        (2, 448, 5, 5) (2, 448)
    """

    attentions = ('global',)

    def __init__(
        self,
        *,
        arch: str | Mapping | LightArch = 'xxs',
        out_cls_token: bool = False,
        **options: Any,
    ):
        if 'window_size' in options:
            raise TypeError(f'{type(self).__name__} has no windows, and no window_size')
        super().__init__(arch=find_light_arch(arch), **options)
        if out_cls_token and self.out_norm != 'batch':
            raise ValueError(
                "out_cls_token=True is for classifiers: use it with out_norm='batch' and "
                'out_indices=3'
            )
        self.out_cls_token = out_cls_token
        if out_cls_token:
            self.norm_cls = nn.LayerNorm(self.arch.dims[-1])

    def _make_stages(self, drop: float, attn_drop: float, drop_path: float) -> None:
        super()._make_stages(drop, attn_drop, drop_path)
        dims = self.arch.dims
        self.cls_token = nn.Parameter(torch.zeros(1, 1, dims[FIRST_GLOBAL]))
        self.cls_upsample = nn.Linear(dims[FIRST_GLOBAL], dims[FIRST_GLOBAL + 1])

    def _make_downsample(self, stage: int, stem: str, in_channels: int) -> nn.Module:
        return super()._make_downsample(stage, 'conv' if stage == 0 else stem, in_channels)

    def _make_block(
        self, stage: int, number: int, drop: float, attn_drop: float, drop_path: float
    ) -> nn.Module:
        if stage < FIRST_GLOBAL:
            return super()._make_block(stage, number, drop, attn_drop, drop_path)
        return HourglassBlock(
            self.ndim,
            self.arch.dims[stage],
            prune_ratio=self.arch.prune_ratio,
            trade_off=self.arch.trade_off,
            head_dim=self.arch.head_dim,
            mlp_ratio=self.arch.mlp_ratios[stage],
            drop=drop,
            attn_drop=attn_drop,
            drop_path=drop_path,
            layer_scale=self.arch.layer_scale_of(stage),
            norm_eps=self.arch.norm_eps,
        )

    def freeze(self) -> None:
        super().freeze()
        if self.frozen_stages > FIRST_GLOBAL:
            self.cls_token.requires_grad_(False)
        if self.frozen_stages > FIRST_GLOBAL + 1:
            self.cls_upsample.eval().requires_grad_(False)

    def get_layer_depth(self, param_name: str, prefix: str = '') -> tuple[int, int]:
        """The class token and its upsampling count with the stages that take them."""
        for own, stage in (('cls_token', FIRST_GLOBAL), ('cls_upsample', FIRST_GLOBAL + 1)):
            if param_name.startswith(prefix + own):
                param_name = f'{prefix}patch_embed{stage + 1}'
        return super().get_layer_depth(param_name, prefix)

    def forward(self, x: Tensor) -> Tensor | tuple[Any, ...]:
        self._check_input(x)
        outs = []
        cls_token, score = self.cls_token.expand(x.shape[0], -1, -1), None
        for index in range(self.out_indices[-1] + 1):
            if index > FIRST_GLOBAL:
                cls_token = self.cls_upsample(cls_token)
                score = pool_score(score, x.shape[2:])
            x = self.stage(index)[0](x)
            if index < FIRST_GLOBAL:
                x = self.run_blocks(index, x)
            else:
                state = HourglassState(x, cls_token, score)
                x, cls_token, score = self.run_blocks(index, state)
            if index in self.out_indices:
                outs.append(self._normalise(index, x))
        if self.out_cls_token:
            outs[-1] = (outs[-1], self.norm_cls(cls_token.squeeze(1)))
        return outs[0] if self.single_output else tuple(outs)


@MODELS.register_module()
class UniFormerLight3D(UniFormerLight):
    """Light UniFormer for video: clips ``(B, C, T, H, W)``, time halved before stage 1.

    Args:
        attention: ``'joint'``, over space and time at once.
        out_indices: an int, the default, gives one map ``(B, C, T / 2, H / 32, W / 32)``, which is
            what the heads of mmaction2 take; a sequence gives a tuple.
        **options: as in :class:`UniFormerLight`.

    2D weights given in ``init_cfg`` are inflated, ``inflation='average'`` or ``'center'``.
    """

    ndim = 3
    attentions = ('joint',)
    input_axes = 'B, C, T, H, W'

    def __init__(
        self,
        *,
        attention: str = 'joint',
        out_indices: int | Sequence[int] = 3,
        out_norm: str = 'batch',
        **options: Any,
    ):
        super().__init__(attention=attention, out_indices=out_indices, out_norm=out_norm, **options)
