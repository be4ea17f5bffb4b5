"""UniFormerV2: image ViTs with local and global UniBlocks (arXiv 2211.09552, Sec. 3)."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from ..layers.accelerate import accelerate as accelerate_net
from ..layers.blocks_v2 import GlobalUniBlock, add_positions, as_maps, make_dpe
from ..registry import MODELS
from ..weights.rename import rename_final_norm
from . import checks
from .arch_v2 import ArchV2, find_arch_v2
from .vit import SpatiotemporalViT

Fusion = Literal['balance', 'global']


@MODELS.register_module()
class UniFormerV2(SpatiotemporalViT):
    """UniFormerV2 for clips ``(B, C, T, H, W)`` and images ``(B, C, H, W)``, one-frame clips.

    Frames and resolution may change from call to call; positions are resized if necessary.
    Parameters have the published names. New parts are initialized to zero, so that a net with the
    weights of a ViT computes what that ViT does, frame by frame.

    Args:
        arch: row of :data:`mmuniformer.models.arch_v2.ARCHS_V2`, or a dict of
            :class:`~mmuniformer.models.arch_v2.ArchV2` fields.
        in_channels: number of input channels.
        local_mhra: local temporal MHRAs per ViT layer: 0 (Kinetics), 1 or 2 (Something-Something).
        local_reduction: factor by which these are narrower than the ViT.
        local_kernel_size: their number of frames, odd.
        temporal_downsample: halve the number of frames in the patch convolution, whose kernel then
            has three. A single frame stays one.
        global_layers: ViT layers, counted from 0, after which a global UniBlock attends to the
            tokens. ``None``: the last four.
        fusion: the video feature: ``'balance'``, the learned mean of the global token and the
            frames' class tokens; ``'global'``, that token alone, as in the released frozen nets.
        out_indices: ``None`` for the video feature ``(B, dim)`` after the last LayerNorm, which a
            linear classifier takes. Or ViT layers, counted from 0, whose patches to return as maps
            ``(B, dim, T, H / patch_size, W / patch_size)``, without ``T`` for images: a sequence
            gives a tuple, an int one map. A net for maps has no global UniBlocks.
        drop_rate: dropout in the ViT's FFN and after its attention.
        attn_drop_rate: dropout of the ViT's attention weights.
        drop_path_rate: stochastic depth of the last ViT layer, rising linearly from 0 at the first;
            whole clips are dropped. It covers the layer's local MHRAs.
        global_drop_rate: dropout in the FFN of global UniBlocks, one value or one per block. The
            released nets have 0.5.
        global_drop_path_rate: stochastic depth of the last global UniBlock, from 0 at the first.
        frozen_stages: how much of the ViT is frozen: -1 nothing, 0 patches and positions, ``n``
            also the first ``n`` layers. UniBlocks are always trained.
        norm_eval: keep the BatchNorm of local MHRAs in eval mode during training.
        with_cp: activation checkpointing: ``True`` for every layer and its global UniBlock, or the
            number of layers, from the first.
        accelerate: swap in the faster layers of :mod:`mmuniformer.layers.accelerate`; results are
            the same.
        init_cfg: ``dict(type='Pretrained', checkpoint=SOURCE)`` takes UniFormerV2's published files
            by path, URL or name, and image ViTs (:mod:`mmuniformer.weights.vit_keys`), optionally
            with ``prefix``, ``inflation``; other types are mmengine's.

    Raises:
        ValueError: an argument or an input is not allowed; the message says what is.
        TypeError: an argument has the wrong type.

    Example:
        >>> import torch
        >>> from mmuniformer.models.uniformer_v2 import UniFormerV2
        >>> net = UniFormerV2(arch='b16').eval()
        >>> tuple(net(torch.rand(1, 3, 8, 224, 224)).shape)
        (1, 768)
    """

    # In released files the last LayerNorm is part of the classifier, a Sequential; mmaction2 calls
    # it 'norm'. Either name is understood when weights are loaded.
    final_norm = 'proj.0'

    out_indices: tuple[int, ...] | None
    global_layers: tuple[int, ...]
    out_channels: tuple[int, ...]
    out_strides: tuple[int, ...]

    def __init__(
        self,
        *,
        arch: str | Mapping | ArchV2 = 'b16',
        in_channels: int = 3,
        local_mhra: int = 0,
        local_reduction: float = 1.5,
        local_kernel_size: int = 3,
        temporal_downsample: bool = False,
        global_layers: Sequence[int] | None = None,
        fusion: Fusion = 'balance',
        out_indices: int | Sequence[int] | None = None,
        drop_rate: float = 0.0,
        attn_drop_rate: float = 0.0,
        drop_path_rate: float = 0.0,
        global_drop_rate: float | Sequence[float] = 0.0,
        global_drop_path_rate: float = 0.0,
        frozen_stages: int = -1,
        norm_eval: bool = False,
        with_cp: bool | int = False,
        accelerate: bool = True,
        init_cfg: Mapping | Sequence[Mapping] | None = None,
    ):
        arch = find_arch_v2(arch)
        _check_local(local_mhra, local_reduction, local_kernel_size, arch.dim)
        checks.choice('fusion', fusion, Fusion)
        super().__init__(
            arch,
            in_channels=in_channels,
            temporal_downsample=temporal_downsample,
            local={
                'local_mhra': local_mhra,
                'local_reduction': local_reduction,
                'local_kernel_size': local_kernel_size,
                'drop': checks.rate('drop_rate', drop_rate),
                'attn_drop': checks.rate('attn_drop_rate', attn_drop_rate),
            },
            drop_path_rate=drop_path_rate,
            frozen_stages=frozen_stages,
            norm_eval=norm_eval,
            with_cp=with_cp,
            init_cfg=init_cfg,
        )
        self.single_output = isinstance(out_indices, int)
        if out_indices is None:
            last_four = range(max(arch.depth - 4, 0), arch.depth)
            self.out_indices = None
            self.global_layers = checks.indices(
                'global_layers',
                last_four if global_layers is None else global_layers,
                arch.depth,
                'ViT layer',
            )
            self._make_global(fusion, global_drop_rate, global_drop_path_rate)
            self.out_channels, self.out_strides = (arch.dim,), ()
        else:
            self.out_indices = checks.indices('out_indices', out_indices, arch.depth, 'ViT layer')
            self.global_layers = ()
            self.out_channels = (arch.dim,) * len(self.out_indices)
            self.out_strides = (arch.patch_size,) * len(self.out_indices)
        self.freeze()
        if accelerate:
            accelerate_net(self)

    def _make_global(
        self, fusion: Fusion, drop_rate: float | Sequence[float], drop_path_rate: float
    ) -> None:
        dim, count = self.arch.dim, len(self.global_layers)
        rates = (drop_rate,) * count if isinstance(drop_rate, int | float) else tuple(drop_rate)
        if len(rates) != count:
            raise ValueError(
                f'global_drop_rate has {len(rates)} values for {count} global UniBlocks'
            )
        drop_paths = checks.drop_path_rates('global_drop_path_rate', drop_path_rate, count)
        self.transformer.temporal_cls_token = nn.Parameter(torch.zeros(1, 1, dim))
        blocks = [
            GlobalUniBlock(
                dim,
                head_dim=self.arch.global_head_dim,
                mlp_ratio=self.arch.global_mlp_ratio,
                drop=checks.rate('global_drop_rate', drop),
                drop_path=drop_path,
            )
            for drop, drop_path in zip(rates, drop_paths, strict=True)
        ]
        self.transformer.add_module('dpe', nn.ModuleList(make_dpe(dim) for _ in blocks))
        self.transformer.add_module('dec', nn.ModuleList(blocks))
        balance = nn.Parameter(torch.zeros(dim)) if fusion == 'balance' else None
        self.transformer.register_parameter('balance', balance)
        name, _, nested = self.final_norm.partition('.')
        norm = nn.LayerNorm(dim)
        self.transformer.add_module(name, nn.Sequential(norm) if nested else norm)

    def forward(self, x: Tensor) -> Tensor | tuple[Tensor, ...]:
        self.check_input(x)
        is_image = x.ndim == 4
        tokens, grid = self.embed(x.unsqueeze(2) if is_image else x)
        if self.out_indices is None:
            return self._video_feature(tokens, grid)
        maps = []
        for index in range(self.out_indices[-1] + 1):
            tokens = self.run_layer(index, tokens, grid)
            if index in self.out_indices:
                maps.append(as_maps(tokens, *grid))
        if is_image:
            maps = [frames.squeeze(2) for frames in maps]
        return maps[0] if self.single_output else tuple(maps)

    def _video_feature(self, tokens: Tensor, grid: tuple[int, int]) -> Tensor:
        """The video feature ``(B, C)`` from the global token and the frames' class tokens."""
        token = self.transformer.temporal_cls_token.to(tokens.dtype).expand(tokens.shape[0], -1, -1)
        for index in range(self.arch.depth):
            tokens = self.run_layer(index, tokens, grid)
            if index in self.global_layers:
                token = self._summarize(index, token, tokens, grid)
        feature = token[:, 0]
        if self.transformer.balance is not None:
            share = self.transformer.balance.sigmoid()
            feature = (1 - share) * feature + share * tokens[:, :, 0].mean(1)
        return self.transformer.get_submodule(self.final_norm)(feature)

    def _summarize(
        self, index: int, token: Tensor, tokens: Tensor, grid: tuple[int, int]
    ) -> Tensor:
        """Update the global ``token`` from the ``tokens`` after layer ``index``."""
        number = self.global_layers.index(index)

        def update(token: Tensor, tokens: Tensor) -> Tensor:
            memory = add_positions(self.transformer.dpe[number], tokens, *grid)  # DPE
            return self.transformer.dec[number](token, memory)

        if self.recomputes(index):
            return checkpoint(update, token, tokens, use_reentrant=False)
        return update(token, tokens)

    def _load_from_state_dict(self, state_dict: dict, prefix: str, *rest: Any) -> None:
        norm = f'transformer.{self.final_norm}.'
        for key in [key for key in state_dict if key.startswith(f'{prefix}transformer.')]:
            if (ours := rename_final_norm(key, norm)) != key:
                state_dict[ours] = state_dict.pop(key)
        super()._load_from_state_dict(state_dict, prefix, *rest)


def _check_local(count: int, reduction: float, kernel_size: int, dim: int) -> None:
    if count not in (0, 1, 2):
        raise ValueError(f'local_mhra {count!r} is none of 0, 1, 2: how many each ViT layer gets')
    if not 0 < reduction <= dim:
        raise ValueError(
            f'local_reduction {reduction!r} is outside (0, {dim}]; the released models use 1.5'
        )
    if not isinstance(kernel_size, int) or kernel_size < 1 or kernel_size % 2 == 0:
        raise ValueError(
            f'local_kernel_size {kernel_size!r} is not an odd number; the released models use 3'
        )
