"""The UniFormer blocks: DPE, MHRA and FFN with local or global affinity (Sec. 3, Eq. 1-3)."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils import fuse_conv_bn_eval

from .activation import GELU
from .attention import Attention, along_time, pool_tokens, windowed, within_frames
from .depthwise import depthwise
from .drop_path import DropPath
from .fuse import fold_identity, fold_norm, fold_scale
from .mlp import Mlp
from .nd import batch_norm, pointwise

Kernel = int | tuple[int, ...]
MOBILE_EXPANSION = 3  # as many parameters as local MHRA and FFN, Sec. 5.6.1


class _Block(nn.Module):
    """What all blocks share: the position embedding and the weighted residual branches."""

    def __init__(
        self,
        ndim: int,
        dim: int,
        drop_path: float,
        gammas: Sequence[str],
        gamma: Tensor | None,
        dpe_kernel: Kernel | None,
    ):
        super().__init__()
        self.fused = False
        self.pos_embed = None if dpe_kernel is None else depthwise(ndim, dim, dpe_kernel)
        self.drop_path = DropPath(drop_path)
        for name in gammas:
            self.register_parameter(name, None if gamma is None else nn.Parameter(gamma.clone()))

    def encode_position(self, x: Tensor) -> Tensor:
        if self.pos_embed is None:
            return x
        return self.pos_embed(x) if self.fused else x + self.pos_embed(x)

    def residual(self, x: Tensor, branch: Tensor, gamma: Tensor | None) -> Tensor:
        return x + self.drop_path(_scaled(branch, gamma))

    def fuse(self) -> None:
        """Fold the sum of DPE, norms and layer scale into convolutions; for inference alone."""
        if self.pos_embed is not None:
            fold_identity(self.pos_embed)
        self.fused = True

    def fold_gamma(self, name: str, layer: nn.Module) -> None:
        gamma = getattr(self, name)
        if gamma is not None:
            fold_scale(gamma, layer)
            setattr(self, name, None)


def _scaled(branch: Tensor, gamma: Tensor | None) -> Tensor:
    return branch if gamma is None else gamma * branch


def _gamma_of_maps(ndim: int, dim: int, layer_scale: float | None) -> Tensor | None:
    if layer_scale is None:
        return None
    return torch.full((1, dim) + (1,) * ndim, layer_scale)


class LocalBlock(_Block):
    """UniFormer block whose affinity is a learnt 5×5(×5) neighbourhood (Eq. 6), on ``(B, C, *S)``.

    In the published files the affinity, a depthwise convolution, is called ``attn``.

    Args:
        ndim: 2 for images, 3 for clips.
        kernel_size: of the neighbourhood, one odd number or one for each dimension.
        dpe_kernel: of the position embedding, likewise; ``None`` for no position embedding.
        layer_scale: initial value of the factor on each residual branch, ``None`` for no factor.
    """

    def __init__(
        self,
        ndim: int,
        dim: int,
        *,
        kernel_size: Kernel = 5,
        dpe_kernel: Kernel | None = 3,
        mlp_ratio: float = 4.0,
        drop: float = 0.0,
        drop_path: float = 0.0,
        layer_scale: float | None = None,
    ):
        gamma = _gamma_of_maps(ndim, dim, layer_scale)
        super().__init__(ndim, dim, drop_path, ('gamma_1', 'gamma_2'), gamma, dpe_kernel)
        self.norm1 = batch_norm(ndim, dim)
        self.conv1 = pointwise(ndim, dim, dim)
        self.attn = depthwise(ndim, dim, kernel_size)
        self.conv2 = pointwise(ndim, dim, dim)
        self.norm2 = batch_norm(ndim, dim)
        self.mlp = Mlp(dim, int(dim * mlp_ratio), drop, layer=partial(pointwise, ndim))

    def relate(self, x: Tensor) -> Tensor:
        return self.conv2(self.attn(self.conv1(x)))

    def forward(self, x: Tensor) -> Tensor:
        x = self.encode_position(x)  # DPE
        x = self.residual(x, self.relate(self.norm1(x)), self.gamma_1)  # MHRA
        return self.residual(x, self.mlp(self.norm2(x)), self.gamma_2)  # FFN

    def fuse(self) -> None:
        super().fuse()
        fold_norm(self.norm1, self.conv1)
        fold_norm(self.norm2, self.mlp.fc1)
        self.norm1, self.norm2 = nn.Identity(), nn.Identity()
        self.fold_gamma('gamma_1', self.conv2)
        self.fold_gamma('gamma_2', self.mlp.fc2)


class MobileBlock(_Block):
    """MobileNet block with DPE: what a local block is without FFN (Sec. 5.6.1, Table 10).

    MobileNetV2's inverted residual with GELU: three times the channels between two pointwise
    convolutions, where the depthwise one, ``attn``, relates neighbours.

    Args:
        ndim, kernel_size, dpe_kernel, layer_scale: as in :class:`LocalBlock`.
    """

    def __init__(
        self,
        ndim: int,
        dim: int,
        *,
        kernel_size: Kernel = 5,
        dpe_kernel: Kernel | None = 3,
        drop_path: float = 0.0,
        layer_scale: float | None = None,
    ):
        gamma = _gamma_of_maps(ndim, dim, layer_scale)
        super().__init__(ndim, dim, drop_path, ('gamma_1',), gamma, dpe_kernel)
        hidden_dim = MOBILE_EXPANSION * dim
        self.conv1 = pointwise(ndim, dim, hidden_dim)
        self.norm1 = batch_norm(ndim, hidden_dim)
        self.attn = depthwise(ndim, hidden_dim, kernel_size)
        self.norm2 = batch_norm(ndim, hidden_dim)
        self.conv2 = pointwise(ndim, hidden_dim, dim)
        self.norm3 = batch_norm(ndim, dim)
        self.act = GELU()

    def relate(self, x: Tensor) -> Tensor:
        x = self.act(self.norm1(self.conv1(x)))
        x = self.act(self.norm2(self.attn(x)))
        return self.norm3(self.conv2(x))

    def forward(self, x: Tensor) -> Tensor:
        x = self.encode_position(x)  # DPE
        return self.residual(x, self.relate(x), self.gamma_1)

    def fuse(self) -> None:
        super().fuse()
        for conv, norm in (('conv1', 'norm1'), ('attn', 'norm2'), ('conv2', 'norm3')):
            setattr(self, conv, fuse_conv_bn_eval(getattr(self, conv), getattr(self, norm)))
            setattr(self, norm, nn.Identity())
        self.fold_gamma('gamma_1', self.conv2)


class GlobalBlock(_Block):
    """UniFormer block with self-attention (Eq. 7), on maps ``(B, C, *S)``.

    Args:
        ndim: 2 for images, 3 for clips.
        dpe_kernel: as in :class:`LocalBlock`.
        window_size: attend within windows of this many rows and columns instead of everywhere
            (images only). Window and global blocks have the same parameters.
        kv_stride: keys and values are means over this many rows and columns, queries are not: as
            MViT saves computation. The parameters are the same.
        layer_scale: initial value of the factor on each residual branch, ``None`` for no factor.
        norm_eps: of the LayerNorms.

    Raises:
        ValueError: both ``window_size`` and ``kv_stride``.
    """

    def __init__(
        self,
        ndim: int,
        dim: int,
        *,
        head_dim: int = 64,
        dpe_kernel: Kernel | None = 3,
        window_size: int | None = None,
        kv_stride: int = 1,
        mlp_ratio: float = 4.0,
        drop: float = 0.0,
        attn_drop: float = 0.0,
        drop_path: float = 0.0,
        layer_scale: float | None = None,
        norm_eps: float = 1e-6,
    ):
        if window_size is not None and kv_stride > 1:
            raise ValueError(
                f'window_size {window_size} and kv_stride {kv_stride} are two ways to save '
                'computation; leave one out'
            )
        gamma = None if layer_scale is None else torch.full((dim,), layer_scale)
        super().__init__(ndim, dim, drop_path, ('gamma_1', 'gamma_2'), gamma, dpe_kernel)
        self.window_size = window_size
        self.kv_stride = kv_stride
        self.norm1 = nn.LayerNorm(dim, eps=norm_eps)
        self.attn = Attention(dim, head_dim, attn_drop, drop)
        self.norm2 = nn.LayerNorm(dim, eps=norm_eps)
        self.mlp = Mlp(dim, int(dim * mlp_ratio), drop)

    def relate(self, x: Tensor, size: Sequence[int]) -> Tensor:
        if self.window_size is not None:
            return windowed(self.attn, x, *size, self.window_size)
        if self.kv_stride > 1:
            return self.attn(x, pool_tokens(x, size, self.kv_stride))
        return self.attn(x)

    def mhra(self, x: Tensor, size: Sequence[int]) -> Tensor:
        return _scaled(self.relate(self.norm1(x), size), self.gamma_1)

    def ffn(self, x: Tensor) -> Tensor:
        return _scaled(self.mlp(self.norm2(x)), self.gamma_2)

    def forward(self, x: Tensor) -> Tensor:
        B, C, *size = x.shape
        x = self.encode_position(x)  # DPE
        x = x.flatten(2).transpose(1, 2)  # (B, N, C)
        x = self.drop_path.add(x, partial(self.mhra, size=size))
        x = self.drop_path.add(x, self.ffn)
        return x.transpose(1, 2).reshape(B, C, *size)

    def fuse(self) -> None:
        super().fuse()
        self.fold_gamma('gamma_1', self.attn.proj)
        self.fold_gamma('gamma_2', self.mlp.fc2)

    def extra_repr(self) -> str:
        return f'window_size={self.window_size}, kv_stride={self.kv_stride}'


class DividedBlock(GlobalBlock):
    """Global block of clips ``(B, C, T, H, W)`` with attention along time, then within each frame.

    The divided space-time attention of Table 11: less computation than the joint one, and a second
    attention layer, ``t_attn``, in each block.

    Args:
        **options: as in :class:`GlobalBlock`, except for ``window_size``, ``kv_stride`` and
            ``layer_scale``.
    """

    def __init__(
        self,
        dim: int,
        *,
        head_dim: int = 64,
        drop: float = 0.0,
        attn_drop: float = 0.0,
        norm_eps: float = 1e-6,
        **options: Any,
    ):
        super().__init__(
            3,
            dim,
            head_dim=head_dim,
            drop=drop,
            attn_drop=attn_drop,
            norm_eps=norm_eps,
            **options,
        )
        self.t_norm = nn.LayerNorm(dim, eps=norm_eps)
        self.t_attn = Attention(dim, head_dim, attn_drop, drop)

    def relate_frames(self, x: Tensor, frames: int) -> Tensor:
        return along_time(self.t_attn, self.t_norm(x), frames)

    def forward(self, x: Tensor) -> Tensor:
        B, C, *size = x.shape
        frames = size[0]
        x = self.encode_position(x)  # DPE
        x = x.flatten(2).transpose(1, 2)  # (B, N, C)
        # Only what the frames see in it goes on: the released model adds that to x, not to timed.
        timed = self.drop_path.add(x, partial(self.relate_frames, frames=frames))
        x = x + self.drop_path(within_frames(self.attn, self.norm1(timed), frames))  # MHRA
        x = self.drop_path.add(x, self.ffn)
        return x.transpose(1, 2).reshape(B, C, *size)
