"""Content-aware reassembly of features (CARAFE, Eq. 2)."""

from collections.abc import Iterator, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

__all__ = [
    'carafe_backward',
    'carafe_forward',
    'carafe_naive_backward',
    'carafe_naive_forward',
]


def carafe_forward(
    features: Tensor,
    masks: Tensor,
    rfeatures: Tensor,
    routput: Tensor,
    rmasks: Tensor,
    output: Tensor,
    kernel_size: int,
    group_size: int,
    scale_factor: int,
) -> None:
    """Write upsampled ``(N, C, H, W)`` features to ``output`` ``(N, C, scale * H, scale * W)``.

    ``masks`` ``(N, groups * kernel**2, scale * H, scale * W)`` weighs the neighborhood of each new
    pixel. The backward pass gets ``rfeatures`` in place of the features.
    """
    rfeatures.copy_(features)
    carafe_naive_forward(features, masks, output, kernel_size, group_size, scale_factor)


def carafe_backward(
    top_grad: Tensor,
    rfeatures: Tensor,
    masks: Tensor,
    rtop_grad: Tensor,
    rbottom_grad_hs: Tensor,
    rbottom_grad: Tensor,
    rmask_grad: Tensor,
    bottom_grad: Tensor,
    mask_grad: Tensor,
    kernel_size: int,
    group_size: int,
    scale_factor: int,
) -> None:
    """Write the gradients of features and masks."""
    sizes = (kernel_size, group_size, scale_factor)
    carafe_naive_backward(top_grad, rfeatures, masks, bottom_grad, mask_grad, *sizes)


def carafe_naive_forward(
    features: Tensor,
    masks: Tensor,
    output: Tensor,
    kernel_size: int,
    group_size: int,
    scale_factor: int,
) -> None:
    """Compute ``carafe_forward`` without buffers for another layout."""
    masks = _split(masks, group_size, scale_factor)
    total = torch.zeros_like(_split(output, group_size, scale_factor))
    padded = _pad(features, kernel_size, group_size)
    for tap, window in _windows(kernel_size, features.shape[2:]):
        total.addcmul_(padded[window][..., :, None, :, None], masks[:, :, tap, None])
    output.copy_(total.view(output.shape))


def carafe_naive_backward(
    top_grad: Tensor,
    features: Tensor,
    masks: Tensor,
    bottom_grad: Tensor,
    mask_grad: Tensor,
    kernel_size: int,
    group_size: int,
    scale_factor: int,
) -> None:
    """Write the gradients of features and masks."""
    masks = _split(masks, group_size, scale_factor)
    grad = _split(top_grad, group_size, scale_factor)
    padded = _pad(features, kernel_size, group_size)
    padded_grad, masks_grad = torch.zeros_like(padded), torch.zeros_like(masks)
    for tap, window in _windows(kernel_size, features.shape[2:]):
        padded_grad[window] += (grad * masks[:, :, tap, None]).sum((4, 6))
        masks_grad[:, :, tap] = (grad * padded[window][..., :, None, :, None]).sum(2)
    reach = kernel_size // 2
    height, width = features.shape[2:]
    inner = padded_grad[..., reach : reach + height, reach : reach + width]
    bottom_grad.copy_(inner.reshape(bottom_grad.shape))
    mask_grad.copy_(masks_grad.view(mask_grad.shape))


def _split(pixels: Tensor, groups: int, scale: int) -> Tensor:
    """View ``(N, C, sH, sW)`` as ``(N, groups, C / groups, H, s, W, s)``."""
    batch, channels, height, width = pixels.shape
    shape = (batch, groups, channels // groups, height // scale, scale, width // scale, scale)
    return pixels.contiguous().view(shape)


def _pad(features: Tensor, kernel: int, groups: int) -> Tensor:
    """Return features ``(N, groups, C / groups, H + kernel - 1, W + kernel - 1)``."""
    return F.pad(features, [kernel // 2] * 4).unflatten(1, (groups, -1))


def _windows(kernel: int, size: Sequence[int]) -> Iterator[tuple[int, tuple]]:
    """Yield each tap and the part of the padded features that it reads."""
    height, width = size
    for tap in range(kernel * kernel):
        y, x = divmod(tap, kernel)
        yield tap, (..., slice(y, y + height), slice(x, x + width))
