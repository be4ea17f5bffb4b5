"""Convolution at marked pixels, and the masks of point-wise spatial attention."""

import torch
import torch.nn.functional as F
from torch import Tensor

__all__ = ['masked_col2im_forward', 'masked_im2col_forward', 'psamask_backward', 'psamask_forward']

_COLLECT = 0  # psa_type; the other one is distribute


def masked_im2col_forward(
    im: Tensor,
    mask_h_idx: Tensor,
    mask_w_idx: Tensor,
    col: Tensor,
    kernel_h: int,
    kernel_w: int,
    pad_h: int,
    pad_w: int,
) -> None:
    """Write the neighborhoods of ``M`` pixels of ``im`` ``(1, C, H, W)`` to ``col``.

    ``col`` is ``(C * kernel_h * kernel_w, M)``; pixels outside of the image are 0.
    """
    padded = F.pad(im[0], [pad_w, kernel_w - 1, pad_h, kernel_h - 1])
    rows = mask_h_idx + torch.arange(kernel_h, device=im.device)[:, None, None]
    columns = mask_w_idx + torch.arange(kernel_w, device=im.device)[:, None]
    col.copy_(padded[:, rows, columns].reshape(col.shape))


def masked_col2im_forward(
    col: Tensor,
    mask_h_idx: Tensor,
    mask_w_idx: Tensor,
    im: Tensor,
    height: int,
    width: int,
    channels: int,
) -> None:
    """Write ``(channels, M)`` to the ``M`` pixels of ``im`` ``(1, channels, height, width)``."""
    im[0, :, mask_h_idx, mask_w_idx] = col.to(im.dtype)


def psamask_forward(
    input: Tensor,
    output: Tensor,
    psa_type: int,
    num_: int,
    h_feature: int,
    w_feature: int,
    h_mask: int,
    w_mask: int,
    half_h_mask: int,
    half_w_mask: int,
) -> None:
    """Place the attention mask of each pixel on the whole map (PSANet, section 3.2).

    ``input`` ``(N, h_mask * w_mask, H, W)`` holds a mask around each pixel, ``output`` is
    ``(N, H * W, H, W)``. ``psa_type`` 0 collects: the second axis is the pixel looked at; 1
    distributes: it is the pixel that looks.
    """
    rows, row_there = _relative(h_feature, h_feature, h_mask, half_h_mask, input.device)
    columns, column_there = _relative(w_feature, w_feature, w_mask, half_w_mask, input.device)
    spread = _take(input, _pairs(rows, columns, w_mask), _pairs_there(row_there, column_there))
    output.copy_(_turned(spread, psa_type).view(output.shape))


def psamask_backward(
    grad_output: Tensor,
    grad_input: Tensor,
    psa_type: int,
    num_: int,
    h_feature: int,
    w_feature: int,
    h_mask: int,
    w_mask: int,
    half_h_mask: int,
    half_w_mask: int,
) -> None:
    """Write the gradient of the masks to ``grad_input`` ``(N, h_mask * w_mask, H, W)``."""
    grad = _turned(grad_output, psa_type).reshape(grad_output.shape)
    rows, row_there = _relative(h_mask, h_feature, h_feature, -half_h_mask, grad.device, 1)
    columns, column_there = _relative(w_mask, w_feature, w_feature, -half_w_mask, grad.device, 1)
    index, there = _pairs(rows, columns, w_feature), _pairs_there(row_there, column_there)
    grad_input.copy_(_take(grad, index, there))


def _relative(
    targets: int, pixels: int, limit: int, shift: int, device: torch.device, sign: int = -1
) -> tuple[Tensor, Tensor]:
    """Return target + sign * pixel + shift ``(targets, pixels)``, and which are in [0, limit)."""
    target = torch.arange(targets, device=device)[:, None]
    place = target + sign * torch.arange(pixels, device=device) + shift
    return place.clamp(0, limit - 1), (place >= 0) & (place < limit)


def _pairs(rows: Tensor, columns: Tensor, width: int) -> Tensor:
    """Return row * width + column for all pairs, ``(targets, H, W)``."""
    return (rows[:, None, :, None] * width + columns[None, :, None, :]).flatten(0, 1)


def _pairs_there(rows: Tensor, columns: Tensor) -> Tensor:
    return (rows[:, None, :, None] & columns[None, :, None, :]).flatten(0, 1)


def _take(values: Tensor, index: Tensor, there: Tensor) -> Tensor:
    """Return ``values[:, index]`` for each pixel, 0 outside of the mask."""
    taken = values.gather(1, index.expand(len(values), *index.shape))
    return taken.masked_fill(~there, 0)


def _turned(square: Tensor, psa_type: int) -> Tensor:
    """Return ``(N, H * W, H * W)`` with the two maps in the order of the type."""
    square = square.flatten(2)
    return square if psa_type == _COLLECT else square.transpose(1, 2)
