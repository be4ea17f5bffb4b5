"""Folding a layer into its neighbour: the same function with fewer passes over the map.

For inference alone. Each changes ``layer`` in place; what was folded has to be left out then. A
BatchNorm behind a convolution is PyTorch's own ``torch.nn.utils.fuse_conv_bn_eval``.
"""

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm


@torch.no_grad()
def fold_norm(norm: _BatchNorm, layer: nn.Module) -> None:
    """Fold ``norm`` into the ``layer`` behind it.

    Args:
        layer: linear, or a convolution in one group without padding. Where a convolution pads with
            zeros, the norm of zero would be needed, and the border of the map would come out wrong.

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
    """Fold a factor for each channel, or for all, behind ``layer``, linear or a convolution."""
    gamma = gamma.flatten()
    layer.weight.mul_(gamma.view(-1, *[1] * (layer.weight.ndim - 1)))
    if layer.bias is not None:
        layer.bias.mul_(gamma)


@torch.no_grad()
def fold_identity(layer: nn.Module) -> None:
    """Fold the sum ``x + layer(x)`` into ``layer``, a depthwise convolution that keeps the size.

    Raises:
        ValueError: ``layer`` is something else.
    """
    depthwise = layer.groups == layer.in_channels == layer.out_channels
    centre = tuple(size // 2 for size in layer.kernel_size)
    odd = all(size % 2 for size in layer.kernel_size)
    if not depthwise or not odd or layer.padding != centre or set(layer.stride) != {1}:
        raise ValueError(f'{layer} is no depthwise convolution that keeps the size of the map')
    layer.weight[(slice(None), 0, *centre)] += 1
