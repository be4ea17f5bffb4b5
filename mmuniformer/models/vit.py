"""The ViT of UniFormerV2, with local UniBlocks as layers (arXiv 2211.09552, Sec. 3)."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from ..layers.blocks_v2 import GlobalUniBlock, LocalUniBlock, relative_bias
from ..layers.dpe import DPE3d
from ..weights.load import load_v2
from ..weights.positions import RELATIVE_TABLE, resize_positions, resize_relative_table
from ..weights.read import Checkpoint
from ..weights.report import LoadReport
from . import checks
from .arch_v2 import ArchV2
from .mm_backbone import MMBackbone
from .recompute import recompute


class Transformer(nn.Module):
    """The parameters that CLIP calls ``transformer``, and what UniFormerV2 adds to them."""

    resblocks: Sequence[LocalUniBlock]
    dpe: Sequence[DPE3d]
    dec: Sequence[GlobalUniBlock]
    temporal_cls_token: nn.Parameter
    balance: nn.Parameter | None


class SpatiotemporalViT(MMBackbone):
    """A ViT for clips, whose layers may have local temporal MHRA; parameters are named as CLIP's.

    Args:
        frozen_stages: -1 freezes nothing, 0 patches and positions, ``n`` also the first ``n``
            layers. Local MHRA is always trained.
        with_cp: activation checkpointing: ``True`` for every layer, or the number of layers, from
            the first.
        local: options of :class:`~mmuniformer.layers.blocks_v2.LocalUniBlock`, its local MHRA and
            dropout.

    Raises:
        ValueError: an argument or an input is not allowed; the message says what is.
    """

    def __init__(
        self,
        arch: ArchV2,
        *,
        in_channels: int,
        temporal_downsample: bool,
        local: Mapping[str, Any],
        drop_path_rate: float,
        frozen_stages: int,
        norm_eval: bool,
        with_cp: bool | int,
        init_cfg: Mapping | Sequence[Mapping] | None,
    ):
        super().__init__(norm_eval=norm_eval, init_cfg=init_cfg)
        self.arch = arch
        self.in_channels = checks.positive_int('in_channels', in_channels)
        self.temporal_downsample = temporal_downsample
        self.frozen_stages = checks.frozen_stages(frozen_stages, arch.depth)
        self.num_recomputed = _count_recomputed(with_cp, arch.depth)
        self._make_stem()
        self.transformer = Transformer()
        layers = (
            LocalUniBlock(
                arch.dim,
                head_dim=arch.head_dim,
                mlp_ratio=arch.mlp_ratio,
                activation=arch.activation,
                norm_eps=arch.norm_eps,
                drop_path=drop_path,
                **local,
            )
            for drop_path in checks.drop_path_rates('drop_path_rate', drop_path_rate, arch.depth)
        )
        self.transformer.add_module('resblocks', nn.ModuleList(layers))
        self._make_relative_positions()

    def _make_stem(self) -> None:
        dim, patch = self.arch.dim, self.arch.patch_size
        frames, stride = (3, 2) if self.temporal_downsample else (1, 1)
        self.conv1 = nn.Conv3d(
            self.in_channels,
            dim,
            (frames, patch, patch),
            (stride, patch, patch),
            (frames // 2, 0, 0),
            bias=False,
        )
        rows, columns = self.arch.grid
        self.class_embedding = nn.Parameter(dim**-0.5 * torch.randn(dim))
        self.positional_embedding = nn.Parameter(dim**-0.5 * torch.randn(rows * columns + 1, dim))
        pre_norm = nn.LayerNorm(dim, eps=self.arch.norm_eps)
        self.ln_pre = pre_norm if self.arch.pre_norm else nn.Identity()

    def _make_relative_positions(self) -> None:
        if not self.arch.relative_positions:
            return
        rows, columns = self.arch.grid
        for block in self.transformer.resblocks:
            table = torch.zeros((2 * rows - 1) * (2 * columns - 1) + 3, block.attn.num_heads)
            block.attn.register_parameter(RELATIVE_TABLE, nn.Parameter(table))

    def check_input(self, x: Tensor) -> None:
        if x.ndim not in (4, 5):
            raise ValueError(
                f'{type(self).__name__} takes clips (B, C, T, H, W) or images (B, C, H, W), '
                f'got shape {tuple(x.shape)}'
            )
        checks.channels(x.shape[1], self.in_channels)
        patch = self.arch.patch_size
        if x.shape[-2] % patch or x.shape[-1] % patch:
            raise ValueError(
                f'the input is {x.shape[-2]}×{x.shape[-1]}, not in patches of {patch}×{patch}; '
                f'resize or pad it to multiples of {patch}'
            )
        frames = x.shape[2] if x.ndim == 5 else 1
        if self.temporal_downsample and frames > 1 and frames % 2:
            raise ValueError(
                f'the clip has {frames} frames, which temporal_downsample cannot halve; '
                'give an even number, or one'
            )

    def embed(self, x: Tensor) -> tuple[Tensor, tuple[int, int]]:
        """Tokens ``(B, T, 1 + N, C)`` of a clip, and its number of rows and columns of patches."""
        x = self.conv1(x)
        B, C, T, *_ = x.shape
        grid = (x.shape[3], x.shape[4])
        patches = x.flatten(3).permute(0, 2, 3, 1)  # (B, T, N, C)
        first = self.class_embedding.to(x.dtype).expand(B, T, 1, C)
        positions = resize_positions(self.positional_embedding, self.arch.grid, grid)
        tokens = torch.cat([first, patches], 2) + positions.to(x.dtype)
        return self.ln_pre(tokens), grid

    def run_layer(self, index: int, tokens: Tensor, grid: tuple[int, int]) -> Tensor:
        block = self.transformer.resblocks[index]
        bias = None
        if self.arch.relative_positions:
            table = getattr(block.attn, RELATIVE_TABLE)
            bias = relative_bias(resize_relative_table(table, self.arch.grid, grid), *grid)
        if self.recomputes(index):
            return recompute(block, tokens, bias)
        return block(tokens, bias)

    def recomputes(self, index: int) -> bool:
        return self.training and index < self.num_recomputed

    def freeze(self) -> None:
        if self.frozen_stages < 0:
            return
        self.class_embedding.requires_grad_(False)
        self.positional_embedding.requires_grad_(False)
        frozen: list[nn.Module] = [self.conv1, self.ln_pre]
        for block in self.transformer.resblocks[: self.frozen_stages]:
            frozen += [*block.vit(), block.drop_path]
        for module in frozen:
            module.eval().requires_grad_(False)

    def load_pretrained(self, source: str | Path | Checkpoint, **options: Any) -> LoadReport:
        return load_v2(self, source, **options)

    def get_layer_depth(self, param_name: str, prefix: str = '') -> tuple[int, int]:
        """Depth of a parameter, for layer-wise learning rates.

        Returns:
            The layer, 0 for patches and positions and ``n + 1`` for layer ``n`` of the ViT, counted
            from 0, with its local MHRAs; and the number of layers. Everything else, global
            UniBlocks and the model around this net, is the last layer.
        """
        num_layers = self.arch.depth + 2
        name = param_name[len(prefix) :] if param_name.startswith(prefix) else ''
        stem = ('conv1.', 'class_embedding', 'positional_embedding', 'ln_pre.')
        if name.startswith(stem):
            return 0, num_layers
        if name.startswith('transformer.resblocks.'):
            return int(name.split('.')[2]) + 1, num_layers
        return num_layers - 1, num_layers


def _count_recomputed(with_cp: bool | int, depth: int) -> int:
    if isinstance(with_cp, bool):
        return depth if with_cp else 0
    if not isinstance(with_cp, int) or not 0 <= with_cp <= depth:
        raise ValueError(
            f'with_cp is a bool or the number of layers to recompute, at most {depth}; '
            f'got {with_cp!r}'
        )
    return with_cp
