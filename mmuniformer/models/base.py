"""What every backbone of the family has in common, whatever its blocks: the contract of mm models.

Which outputs, what is frozen, what is recomputed, how weights come in.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from ..weights.load import load_backbone
from ..weights.read import Checkpoint
from ..weights.report import LoadReport
from .mm_backbone import MMBackbone, recompute

NUM_STAGES = 4


class Backbone(MMBackbone):
    """Four stages ``patch_embed{i}``, ``blocks{i}``; subclasses build them and say how they run.

    Args:
        in_channels: of the input, 3 for RGB.
        out_indices: stages to return, counted from 0. A sequence gives a tuple of maps
            ``(B, C_i, *S_i)``; an int gives that one map as a tensor.
        frozen_stages: -1 freezes nothing, 0 the first downsampling, ``n`` (1 to 4) also the first
            ``n`` stages. Frozen parts get no gradient and stay in eval mode.
        norm_eval: keep BatchNorm in eval mode during training.
        with_cp: activation checkpointing: ``True`` for every block, or how many blocks, from the
            first, of each stage.
        init_cfg: ``dict(type='Pretrained', checkpoint=SOURCE)`` takes any published file of the
            family by path, URL or name (optionally with ``prefix``, ``inflation``, ``allow_new``,
            see :func:`mmuniformer.weights.load_backbone`); other types are mmengine's.

    Raises:
        ValueError: an argument is out of range.
        TypeError: an argument is of the wrong type.
    """

    load_options = ('prefix', 'inflation', 'allow_new')
    out_channels: tuple[int, ...]
    out_strides: tuple[int, ...]

    def __init__(
        self,
        *,
        depths: Sequence[int],
        in_channels: int,
        out_indices: int | Sequence[int],
        frozen_stages: int,
        norm_eval: bool,
        with_cp: bool | Sequence[int],
        init_cfg: Mapping | Sequence[Mapping] | None,
    ):
        super().__init__(norm_eval=norm_eval, init_cfg=init_cfg)
        if not isinstance(in_channels, int) or in_channels < 1:
            raise ValueError(f'in_channels is a positive number, got {in_channels!r}')
        if frozen_stages not in range(-1, NUM_STAGES + 1):
            raise ValueError(f'frozen_stages {frozen_stages!r} is not in -1 … {NUM_STAGES}')
        self.in_channels = in_channels
        self.depths = tuple(depths)
        self.single_output = isinstance(out_indices, int)
        self.out_indices = _checked_indices(out_indices)
        self.frozen_stages = frozen_stages
        self.checkpointed = _checkpointed_blocks(with_cp, self.depths)

    def stage(self, index: int) -> tuple[nn.Module, nn.ModuleList]:
        """Downsampling and blocks of the stage ``index``, counted from 0."""
        return getattr(self, f'patch_embed{index + 1}'), getattr(self, f'blocks{index + 1}')

    def run_blocks(self, index: int, x: Tensor) -> Tensor:
        """Send ``x`` through the blocks of a stage, recomputing those that ``with_cp`` names."""
        _, blocks = self.stage(index)
        for number, block in enumerate(blocks):
            if self.training and number < self.checkpointed[index] and torch.is_grad_enabled():
                x = recompute(block, x)
            else:
                x = block(x)
        return x

    def freeze(self) -> None:
        for index in range(NUM_STAGES):
            patch_embed, blocks = self.stage(index)
            frozen = []
            if index < self.frozen_stages or (index == 0 and self.frozen_stages == 0):
                frozen.append(patch_embed)
            if index < self.frozen_stages:
                frozen.append(blocks)
            for module in frozen:
                module.eval().requires_grad_(False)

    def load_pretrained(self, source: str | Path | Checkpoint, **options: Any) -> LoadReport:
        return load_backbone(self, source, **options)

    def get_layer_depth(self, param_name: str, prefix: str = '') -> tuple[int, int]:
        """Tell how deep a parameter sits, for layer-wise learning rates.

        Returns:
            The layer, 0 for the first downsampling and ``n + 1`` for the ``n``-th block (later
            downsamplings count with the block that follows), and the number of layers. Everything
            behind the blocks, in this net or in the model around it, is the last layer.
        """
        num_layers = sum(self.depths) + 2
        name = param_name[len(prefix) :] if param_name.startswith(prefix) else ''
        module, _, rest = name.partition('.')
        kind, stage = module[:-1], module[-1:]
        if kind not in ('patch_embed', 'blocks') or not stage.isdigit():
            return num_layers - 1, num_layers
        if module == 'patch_embed1':
            return 0, num_layers
        before = sum(self.depths[: int(stage) - 1])
        block = int(rest.split('.')[0]) if kind == 'blocks' else 0
        return before + block + 1, num_layers


def _checked_indices(out_indices: int | Sequence[int]) -> tuple[int, ...]:
    indices = (out_indices,) if isinstance(out_indices, int) else tuple(out_indices)
    if not indices or not all(
        isinstance(index, int) and -NUM_STAGES <= index < NUM_STAGES for index in indices
    ):
        raise ValueError(
            f'out_indices {out_indices!r}: allowed are stages 0 to {NUM_STAGES - 1}, '
            f'or -{NUM_STAGES} to -1 counted from the last'
        )
    indices = tuple(index % NUM_STAGES for index in indices)
    if list(indices) != sorted(set(indices)):
        raise ValueError(f'out_indices {out_indices!r} must be in rising order, each stage once')
    return indices


def _checkpointed_blocks(with_cp: bool | Sequence[int], depths: tuple[int, ...]) -> tuple[int, ...]:
    if isinstance(with_cp, bool):
        return depths if with_cp else (0,) * len(depths)
    counts = tuple(with_cp) if isinstance(with_cp, Sequence) else ()
    if len(counts) != len(depths) or not all(
        isinstance(count, int) and 0 <= count <= depth
        for count, depth in zip(counts, depths, strict=True)
    ):
        raise ValueError(
            f'with_cp is a bool or the number of blocks to checkpoint in each stage, '
            f'at most {depths}; got {with_cp!r}'
        )
    return counts
