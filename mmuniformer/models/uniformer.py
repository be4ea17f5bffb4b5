"""UniFormer: local MHRA in the shallow stages, global MHRA in the deep ones (Sec. 4, Fig. 3)."""

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor, nn

from ..layers import PATCH_EMBED, GlobalBlock, LocalBlock, MapLayerNorm, MobileBlock
from ..layers.nd import batch_norm, extent
from ..registry import MODELS
from .arch import TEMPORAL, Arch, find_arch
from .base import NUM_STAGES, Backbone

HYBRID_GROUP = 4  # three window blocks, then a global one (Sec. 4.3)
OUT_NORMS = ('layer', 'batch')


@MODELS.register_module()
class UniFormer(Backbone):
    """UniFormer for images, arXiv 2201.09450.

    Args:
        arch: row of :data:`mmuniformer.models.ARCHS`, or a dict of
            :class:`~mmuniformer.models.Arch` fields.
        attention: of stage 3 (Sec. 4.3, Table 15): ``'global'``; ``'window'``; or ``'hybrid'``,
            every fourth block global and the others in windows. The parameters are the same, so one
            file serves all three.
        window_size: rows and columns of a window.
        in_channels: of the input, 3 for RGB.
        out_indices: stages to return, 0 to 3. A sequence gives a tuple of maps
            ``(B, C_i, H / s_i, W / s_i)`` with strides 4, 8, 16, 32; an int gives that one map.
        out_norm: ``'layer'``, a LayerNorm per output as for dense prediction; ``'batch'``, the
            classifiers' BatchNorm, of the last stage alone.
        drop_rate: dropout behind FFN layers and attention projections.
        attn_drop_rate: dropout of attention weights.
        drop_path_rate: stochastic depth of the last block, rising linearly from 0 at the first.
        frozen_stages, norm_eval, with_cp, init_cfg: see :class:`~mmuniformer.models.base.Backbone`.

    Raises:
        ValueError: an argument or an input that is not allowed; the message says what is.

    Example:
        >>> import torch
        >>> from mmuniformer.models import UniFormer
        >>> net = UniFormer(arch='small', attention='hybrid').eval()
        >>> for out in net(torch.rand(1, 3, 224, 320)):
        ...     print(tuple(out.shape))
        (1, 64, 56, 80)
        (1, 128, 28, 40)
        (1, 320, 14, 20)
        (1, 512, 7, 10)
    """

    ndim = 2
    attentions = ('global', 'window', 'hybrid')
    input_axes = 'B, C, H, W'

    def __init__(
        self,
        *,
        arch: str | Mapping | Arch = 'small',
        attention: str = 'global',
        window_size: int = 14,
        in_channels: int = 3,
        out_indices: int | Sequence[int] = (0, 1, 2, 3),
        out_norm: str = 'layer',
        drop_rate: float = 0.0,
        attn_drop_rate: float = 0.0,
        drop_path_rate: float = 0.0,
        frozen_stages: int = -1,
        norm_eval: bool = False,
        with_cp: bool | Sequence[int] = False,
        init_cfg: Mapping | Sequence[Mapping] | None = None,
    ):
        arch = find_arch(arch)
        super().__init__(
            depths=arch.depths,
            in_channels=in_channels,
            out_indices=out_indices,
            frozen_stages=frozen_stages,
            norm_eval=norm_eval,
            with_cp=with_cp,
            init_cfg=init_cfg,
        )
        if attention not in self.attentions:
            raise ValueError(f'attention {attention!r} is none of {self.attentions}')
        if isinstance(window_size, bool) or not isinstance(window_size, int) or window_size < 1:
            raise ValueError(
                f'window_size {window_size!r} is not a whole number above 0; '
                'the released models use 14 or 32'
            )
        self.arch = arch
        self.attention = attention
        self._check_arch()
        self.window_size = window_size
        self._make_stages(
            drop=_rate('drop_rate', drop_rate),
            attn_drop=_rate('attn_drop_rate', attn_drop_rate),
            drop_path=_rate('drop_path_rate', drop_path_rate),
        )
        self._make_output_norms(out_norm)
        self.apply(_init_linear)
        self.freeze()

    def _check_arch(self) -> None:
        """Refuse what would have no effect on this net."""
        if self.ndim == 2 and (changed := self.arch.changed(TEMPORAL)):
            raise ValueError(
                f'{type(self).__name__} has no time; leave out arch {" and ".join(changed)}'
            )
        if self.attention in ('window', 'hybrid') and (
            self.arch.stage_types[2] != 'global' or self.arch.kv_strides[2] > 1
        ):
            raise ValueError(
                f'attention {self.attention!r} is of a stage 3 that is global, without kv_strides; '
                f'got arch stage_types {self.arch.stage_types}, kv_strides {self.arch.kv_strides}; '
                "use attention='global'"
            )

    def _make_stages(self, drop: float, attn_drop: float, drop_path: float) -> None:
        last = max(sum(self.depths) - 1, 1)
        drop_paths = (drop_path * number / last for number in itertools.count())
        channels = self.in_channels
        for index, dim in enumerate(self.arch.dims):
            downsample = self._make_downsample(index, self.arch.stem, channels)
            blocks = nn.ModuleList(
                self._make_block(index, number, drop, attn_drop, next(drop_paths))
                for number in range(self.depths[index])
            )
            self.add_module(f'patch_embed{index + 1}', downsample)
            self.add_module(f'blocks{index + 1}', blocks)
            channels = dim

    def _make_downsample(self, stage: int, stem: str, in_channels: int) -> nn.Module:
        return PATCH_EMBED[stem](
            self.ndim,
            in_channels,
            self.arch.dims[stage],
            first=stage == 0,
            length=self.arch.length_before(stage),
            time_stride=self.arch.temporal_strides[stage],
        )

    def _make_block(
        self, stage: int, number: int, drop: float, attn_drop: float, drop_path: float
    ) -> nn.Module:
        arch = self.arch
        shared = {
            'dpe_kernel': self._kernel('dpe', 3) if arch.dpe else None,
            'drop_path': drop_path,
            'layer_scale': arch.layer_scale_of(stage),
        }
        ffn = {'mlp_ratio': arch.mlp_ratios[stage], 'drop': drop}
        if arch.stage_types[stage] == 'global':
            attention = {
                'head_dim': arch.head_dim,
                'attn_drop': attn_drop,
                'norm_eps': arch.norm_eps,
            }
            return self._make_global_block(stage, number, **shared, **ffn, **attention)
        shared['kernel_size'] = self._kernel('local', arch.local_kernel)
        if not arch.local_ffn:
            return MobileBlock(self.ndim, arch.dims[stage], **shared)
        return LocalBlock(self.ndim, arch.dims[stage], **shared, **ffn)

    def _make_global_block(self, stage: int, number: int, **options: Any) -> nn.Module:
        return GlobalBlock(
            self.ndim,
            self.arch.dims[stage],
            window_size=self.window_size if self._in_window(stage, number) else None,
            kv_stride=self.arch.kv_strides[stage],
            **options,
        )

    def _kernel(self, kind: str, size: int) -> tuple[int, ...]:
        return extent(self.ndim, size, size if kind in self.arch.inflated else 1)

    def _in_window(self, stage: int, number: int) -> bool:
        if stage != 2:
            return False
        closes_group = (number + 1) % HYBRID_GROUP == 0
        return self.attention == 'window' or (self.attention == 'hybrid' and not closes_group)

    def _make_output_norms(self, out_norm: str) -> None:
        """Only the norms in use exist, so that no parameter is without a gradient."""
        if out_norm not in OUT_NORMS:
            raise ValueError(f'out_norm {out_norm!r} is none of {OUT_NORMS}')
        last = NUM_STAGES - 1
        if out_norm == 'batch' and self.out_indices != (last,):
            raise ValueError(
                "out_norm='batch' is the classifiers' norm of the last stage alone: use it with "
                f"out_indices={last}, or out_norm='layer' for out_indices={self.out_indices}"
            )
        dims = self.arch.dims
        if out_norm == 'batch':
            self.norm = batch_norm(self.ndim, dims[last])
        else:
            for index in self.out_indices:
                self.add_module(f'norm{index + 1}', MapLayerNorm(dims[index], eps=1e-6))
        self.out_norm = out_norm
        self.out_channels = tuple(dims[index] for index in self.out_indices)
        self.out_strides = tuple(4 * 2**index for index in self.out_indices)

    def _normalise(self, index: int, x: Tensor) -> Tensor:
        if self.out_norm == 'batch':
            # PyTorch's gradient is wrong for one sample whose channels lie last in memory.
            return self.norm(x.contiguous())
        return getattr(self, f'norm{index + 1}')(x)

    def _check_input(self, x: Tensor) -> None:
        if x.ndim != self.ndim + 2:
            raise ValueError(
                f'{type(self).__name__} takes ({self.input_axes}), got shape {tuple(x.shape)}'
            )
        if x.shape[1] != self.in_channels:
            raise ValueError(
                f'the input has {x.shape[1]} channels and the net {self.in_channels}; '
                'set in_channels, or convert the pictures'
            )
        stride = 4 * 2 ** self.out_indices[-1]
        if min(x.shape[-2:]) < stride:
            raise ValueError(
                f'the input is {x.shape[-2]}×{x.shape[-1]}, less than the stride {stride} of the '
                'last stage; pad or enlarge it'
            )

    def forward(self, x: Tensor) -> Tensor | tuple[Tensor, ...]:
        self._check_input(x)
        outs = []
        for index in range(self.out_indices[-1] + 1):
            patch_embed, _ = self.stage(index)
            x = self.run_blocks(index, patch_embed(x))
            if index in self.out_indices:
                outs.append(self._normalise(index, x))
        return outs[0] if self.single_output else tuple(outs)


def _rate(name: str, value: float) -> float:
    if not 0 <= value < 1:
        raise ValueError(f'{name} {value} is outside [0, 1)')
    return value


def _init_linear(module: nn.Module) -> None:
    """Convolutions and norms keep PyTorch's initialisation, as in the released training code."""
    if isinstance(module, nn.Linear):
        nn.init.trunc_normal_(module.weight, std=0.02)
        nn.init.zeros_(module.bias)
