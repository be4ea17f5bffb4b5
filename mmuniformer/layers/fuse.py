"""Fusing layers: the same function with fewer passes over the map, for inference only."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.conv import _ConvNd
from torch.nn.utils import fuse_conv_bn_eval

from .ablations import MobileBlock
from .activation import QuickGELU
from .blocks import GlobalBlock, LocalBlock
from .blocks_v2 import LocalTemporalMHRA, TokenMlp
from .conv_patch_embed import ConvPatchEmbed
from .dpe import DPE
from .nd import Layer


def fuse_layers(net: nn.Module) -> nn.Module:
    """Fold norms, layer scale, sums and factors into their neighbors, in place; return ``net``."""
    for module in list(net.modules()):
        for cls, fuse in FUSE.items():
            if isinstance(module, cls):
                fuse(module)
    return net


@torch.no_grad()
def fuse_dpe(dpe: DPE) -> None:
    """Add the identity to the middle of the kernel, and make a plain convolution of ``dpe``."""
    taps = dpe.weight.view(len(dpe.weight), -1)
    taps[:, taps.shape[1] // 2] += 1
    dpe.__class__ = type(dpe).__bases__[-1]


def _fuse_local_block(block: LocalBlock) -> None:
    fold_norm(block.norm1, block.conv1)
    fold_norm(block.norm2, block.mlp.fc1)
    block.norm1, block.norm2 = nn.Identity(), nn.Identity()
    _fold_layer_scale(block, 'gamma_1', block.conv2)
    _fold_layer_scale(block, 'gamma_2', block.mlp.fc2)


def _fuse_global_block(block: GlobalBlock) -> None:
    _fold_layer_scale(block, 'gamma_1', block.attn.proj)
    _fold_layer_scale(block, 'gamma_2', block.mlp.fc2)


def _fuse_mobile_block(block: MobileBlock) -> None:
    for conv, norm in (('conv1', 'norm1'), ('attn', 'norm2'), ('conv2', 'norm3')):
        setattr(block, conv, fuse_conv_bn_eval(getattr(block, conv), getattr(block, norm)))
        setattr(block, norm, nn.Identity())
    _fold_layer_scale(block, 'gamma_1', block.conv2)


def _fuse_patch_embed(patch_embed: ConvPatchEmbed) -> None:
    proj = patch_embed.proj
    for index, (conv, norm) in enumerate(pairwise(list(proj))):
        if isinstance(conv, _ConvNd) and isinstance(norm, _BatchNorm):
            proj[index], proj[index + 1] = fuse_conv_bn_eval(conv, norm), nn.Identity()


@torch.no_grad()
def _fuse_token_mlp(mlp: TokenMlp) -> None:
    if isinstance(mlp.act, QuickGELU):
        fold_scale(mlp.c_fc.weight.new_tensor(QuickGELU.slope), mlp.c_fc)
        mlp.c_proj.weight.div_(QuickGELU.slope)
        mlp.act = nn.SiLU(inplace=True)


def _fuse_local_mhra(mhra: LocalTemporalMHRA) -> None:
    fold_norm(mhra.pos_embed[0], mhra.pos_embed[1])
    mhra.pos_embed[0] = nn.Identity()


FUSE: dict[type[nn.Module], Callable[[Any], None]] = {
    DPE: fuse_dpe,
    LocalBlock: _fuse_local_block,
    GlobalBlock: _fuse_global_block,
    MobileBlock: _fuse_mobile_block,
    ConvPatchEmbed: _fuse_patch_embed,
    TokenMlp: _fuse_token_mlp,
    LocalTemporalMHRA: _fuse_local_mhra,
}


@torch.no_grad()
def fold_norm(norm: nn.Module, layer: nn.Module) -> None:
    """Fold ``norm`` into the ``layer`` that follows it.

    Args:
        layer: linear layer, or convolution with one group and no padding. A convolution pads with
            zeros after the norm; folded, it would pad before it, and the border would be wrong.

    Raises:
        ValueError: the norm has no running statistics, or the layer pads or has several groups.
    """
    if not isinstance(norm, _BatchNorm) or norm.running_var is None or norm.running_mean is None:
        raise ValueError(f'{norm} has no running statistics and cannot be folded')
    if not isinstance(layer, Layer) or (
        not isinstance(layer, nn.Linear) and (set(layer.padding) != {0} or layer.groups != 1)
    ):
        raise ValueError(f'{layer} pads or has several groups; no norm before it can be folded')
    scale = (norm.running_var.double() + norm.eps).rsqrt()
    if norm.affine:
        scale = scale * norm.weight
    shift = -norm.running_mean * scale
    if norm.affine:
        shift = shift + norm.bias
    weight = layer.weight.double().flatten(1).view(*layer.weight.shape[:2], -1)  # (D, C, kernel)
    if layer.bias is None:
        layer.bias = nn.Parameter(layer.weight.new_zeros(len(layer.weight)))
    layer.bias.copy_(layer.bias + weight.sum(2) @ shift)
    layer.weight.copy_((weight * scale[:, None]).view_as(layer.weight))


@torch.no_grad()
def fold_scale(gamma: Tensor, layer: Layer) -> None:
    """Fold a factor on the output of ``layer``, one for all channels or one each, into it."""
    gamma = gamma.flatten()
    layer.weight.mul_(gamma.view(-1, *[1] * (layer.weight.ndim - 1)))
    if layer.bias is not None:
        layer.bias.mul_(gamma)


def _fold_layer_scale(block: nn.Module, name: str, layer: Layer) -> None:
    """Fold the layer scale ``name`` of ``block``, if it has one, into the ``layer`` before it."""
    gamma = getattr(block, name)
    if gamma is not None:
        fold_scale(gamma, layer)
        setattr(block, name, None)
