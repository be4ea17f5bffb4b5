"""Folding a layer into its neighbor: the same function with fewer passes over the map.

For inference only. Each function changes ``layer`` in place; the caller leaves out what was folded.
PyTorch has the case of a BatchNorm after a convolution: ``torch.nn.utils.fuse_conv_bn_eval``.
"""

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm


@torch.no_grad()
def fold_norm(norm: _BatchNorm, layer: nn.Module) -> None:
    """Fold ``norm`` into the ``layer`` that follows it.

    Args:
        layer: linear layer, or convolution with one group and no padding. A convolution pads with
            zeros after the norm; folded, it would pad before it, and the border would be wrong.

    Raises:
        ValueError: the norm has no running statistics, or the layer pads or has several groups.
    """
    if norm.running_var is None:
        raise ValueError(f'{norm} has no running statistics and cannot be folded')
    if set(getattr(layer, 'padding', (0,))) != {0} or getattr(layer, 'groups', 1) != 1:
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
def fold_scale(gamma: Tensor, layer: nn.Module) -> None:
    """Fold a factor on the output of ``layer``, one for all channels or one each, into it."""
    gamma = gamma.flatten()
    layer.weight.mul_(gamma.view(-1, *[1] * (layer.weight.ndim - 1)))
    if layer.bias is not None:
        layer.bias.mul_(gamma)


def fold_layer_scale(block: nn.Module, name: str, layer: nn.Module) -> None:
    """Fold the layer scale ``name`` of ``block``, if it has one, into the ``layer`` before it."""
    gamma = getattr(block, name)
    if gamma is not None:
        fold_scale(gamma, layer)
        setattr(block, name, None)
