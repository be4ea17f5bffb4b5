"""Shift of groups of channels along time (TIN, section 3.2)."""

import torch
from torch import Tensor

__all__ = ['tin_shift_backward', 'tin_shift_forward']


def tin_shift_forward(input: Tensor, shift: Tensor, output: Tensor) -> None:
    """Write ``(N, T, C, H * W)`` with group ``g`` of its channels moved to ``output``.

    ``shift`` ``(N, groups)`` is in frames; frames from outside are 0.
    """
    output.copy_(_move(input, shift))


def tin_shift_backward(grad_output: Tensor, shift: Tensor, grad_input: Tensor) -> None:
    """Write the gradient of the input, the inverse shift, to ``grad_input``."""
    grad_input.copy_(_move(grad_output, -shift))


def _move(frames: Tensor, shift: Tensor) -> Tensor:
    length, channels = frames.shape[1:3]
    by = shift.long().repeat_interleave(channels // shift.shape[1], 1)[:, None]
    source = torch.arange(length, device=frames.device)[:, None] - by
    there = (source >= 0) & (source < length)
    index = source.clamp(0, length - 1)[..., None].expand_as(frames)
    return frames.gather(1, index).masked_fill(~there[..., None], 0)
