"""The light UniFormer, XXS and XS, whose global blocks prune tokens and restore them."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import torch
from torch import Tensor, nn

from ..layers import HourglassBlock, HourglassState, pool_score
from ..registry import MODELS
from .arch import ARCHS
from .arch_light import LIGHT_ARCHS, LightArch
from .find_arch import find_row
from .uniformer import OutNorm, UniFormer

FIRST_GLOBAL = 2  # the stage, counted from 0, at which the class token enters


@MODELS.register_module()
class UniFormerLight(UniFormer):
    """Light (hourglass) UniFormer for images.

    Stages 3 and 4 have a class token. Each block updates the half of the tokens to which it attends
    most, and all others by the update of their mean:
    :class:`~mmuniformer.layers.HourglassBlock`. Rows and columns beyond a multiple of the stride
    are rounded up before stage 1 and dropped before the others, as in the released models.

    Args:
        arch: row of :data:`mmuniformer.models.LIGHT_ARCHS`, or a dict of
            :class:`~mmuniformer.models.LightArch` fields.
        attention: ``'global'``.
        out_cls_token: return the map and the class token ``(B, C)`` after a LayerNorm as a pair;
            needs ``out_norm='batch'``. The released classifiers are trained on both, with a head
            and half of the loss each, and predict from the map alone.
        **options: see :class:`~mmuniformer.models.UniFormer`; there is no ``window_size``.

    Raises:
        ValueError: an argument or an input is not allowed; the message says what is.
        TypeError: ``window_size`` is given.

    Example:
        >>> import torch
        >>> from mmuniformer.models import UniFormerLight
        >>> net = UniFormerLight(arch='xxs', out_indices=3, out_norm='batch', out_cls_token=True)
        >>> features, cls_token = net(torch.rand(2, 3, 160, 160))
        >>> print(tuple(features.shape), tuple(cls_token.shape))
        (2, 448, 5, 5) (2, 448)
    """

    arch: LightArch
    attentions = Literal['global']

    def __init__(
        self,
        *,
        arch: str | Mapping | LightArch = 'xxs',
        out_cls_token: bool = False,
        **options: Any,
    ):
        if 'window_size' in options:
            raise TypeError(f'{type(self).__name__} has no windows, and no window_size')
        if isinstance(arch, str) and arch in ARCHS:
            raise ValueError(f'arch {arch!r} is not a light net; use UniFormer or UniFormer3D')
        super().__init__(arch=find_row(arch, LightArch, LIGHT_ARCHS), **options)
        if out_cls_token and self.out_norm != 'batch':
            raise ValueError(
                "out_cls_token=True is for classifiers: use it with out_norm='batch' and "
                'out_indices=3'
            )
        self.out_cls_token = out_cls_token
        if out_cls_token:
            self.norm_cls = nn.LayerNorm(self.arch.dims[-1])

    def _make_stages(self, drop: float, attn_drop: float, drop_paths: Sequence[float]) -> None:
        super()._make_stages(drop, attn_drop, drop_paths)
        dims = self.arch.dims
        self.cls_token = nn.Parameter(torch.zeros(1, 1, dims[FIRST_GLOBAL]))
        self.cls_upsample = nn.Linear(dims[FIRST_GLOBAL], dims[FIRST_GLOBAL + 1])

    def stem_of(self, stage: int) -> str:
        return 'conv' if stage == 0 else 'patch'

    def make_global_block(self, stage: int, number: int, **options: Any) -> nn.Module:
        return HourglassBlock(
            self.ndim,
            self.arch.dims[stage],
            prune_ratio=self.arch.prune_ratio,
            trade_off=self.arch.trade_off,
            **options,
        )

    def freeze(self) -> None:
        super().freeze()
        if self.frozen_stages > FIRST_GLOBAL:
            self.cls_token.requires_grad_(False)
        if self.frozen_stages > FIRST_GLOBAL + 1:
            self.cls_upsample.eval().requires_grad_(False)

    def get_layer_depth(self, param_name: str, prefix: str = '') -> tuple[int, int]:
        """The class token and its upsampling count with the stages that they enter."""
        for own, stage in (('cls_token', FIRST_GLOBAL), ('cls_upsample', FIRST_GLOBAL + 1)):
            if param_name.startswith(prefix + own):
                param_name = f'{prefix}patch_embed{stage + 1}'
        return super().get_layer_depth(param_name, prefix)

    def forward(self, x: Tensor) -> Tensor | tuple[Any, ...]:
        self.check_input(x)
        outs: list[Any] = []
        cls_token: Tensor = self.cls_token.expand(x.shape[0], -1, -1)
        score: Tensor | None = None
        for index in range(self.out_indices[-1] + 1):
            if score is not None:  # after the first global stage
                cls_token = self.cls_upsample(cls_token)
                score = pool_score(score, x.shape[2:])
            patch_embed, blocks = self.stage(index)
            x, num_recomputed = patch_embed(x), self.num_recomputed[index]
            if index < FIRST_GLOBAL:
                x = self.run_blocks(blocks, x, num_recomputed)
            else:
                state = HourglassState(x, cls_token, score)
                x, cls_token, score = self.run_blocks(blocks, state, num_recomputed)
            if index in self.out_indices:
                outs.append(self.normalize(index, x))
        if self.out_cls_token:
            outs[-1] = (outs[-1], self.norm_cls(cls_token.squeeze(1)))
        return outs[0] if self.single_output else tuple(outs)


@MODELS.register_module()
class UniFormerLight3D(UniFormerLight):
    """Light UniFormer for video: clips ``(B, C, T, H, W)``, time halved before stage 1.

    Args:
        attention: ``'joint'``, over space and time at once.
        out_indices: an int, the default, gives one map ``(B, C, T / 2, H / 32, W / 32)``, which
            mmaction2's heads take; a sequence gives a tuple.
        **options: see :class:`UniFormerLight`.

    2D weights given in ``init_cfg`` are inflated, ``inflation='average'`` or ``'center'``.
    """

    ndim = 3
    input_axes = 'B, C, T, H, W'
    attentions = Literal['joint']

    def __init__(
        self,
        *,
        attention: Literal['joint'] = 'joint',
        out_indices: int | Sequence[int] = 3,
        out_norm: OutNorm = 'batch',
        **options: Any,
    ):
        super().__init__(attention=attention, out_indices=out_indices, out_norm=out_norm, **options)
