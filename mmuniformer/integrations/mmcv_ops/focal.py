"""Focal losses (RetinaNet, Eq. 5), per element and with their gradients."""

import torch
from torch import Tensor

from .common import working_dtype

__all__ = [
    'sigmoid_focal_loss_backward',
    'sigmoid_focal_loss_forward',
    'softmax_focal_loss_backward',
    'softmax_focal_loss_forward',
]

_TINY = torch.finfo(torch.float32).tiny  # smallest argument of a logarithm


def sigmoid_focal_loss_forward(
    input: Tensor, target: Tensor, weight: Tensor, output: Tensor, gamma: float, alpha: float
) -> None:
    """Write the loss of each of ``(N, C)`` logits to ``output``.

    ``target`` ``(N,)`` is a class, or any other number for none; ``weight`` is ``(C,)`` or empty.
    """
    p, positive = _probabilities(input, target)
    loss = torch.where(
        positive,
        -alpha * (1 - p).pow(gamma) * _log(p),
        -(1 - alpha) * p.pow(gamma) * _log(1 - p),
    )
    output.copy_(loss * _weights(weight, target, input.shape[1])[:, None])


def sigmoid_focal_loss_backward(
    input: Tensor, target: Tensor, weight: Tensor, grad_input: Tensor, gamma: float, alpha: float
) -> None:
    """Write the derivative of each loss by its logit to ``grad_input`` ``(N, C)``."""
    p, positive = _probabilities(input, target)
    grad = torch.where(
        positive,
        -alpha * (1 - p).pow(gamma) * (1 - p - gamma * p * _log(p)),
        -(1 - alpha) * p.pow(gamma) * (gamma * (1 - p) * _log(1 - p) - p),
    )
    grad_input.copy_(grad * _weights(weight, target, input.shape[1])[:, None])


def softmax_focal_loss_forward(
    input: Tensor, target: Tensor, weight: Tensor, output: Tensor, gamma: float, alpha: float
) -> None:
    """Write the loss ``(N,)`` of each row of softmax ``(N, C)`` to ``output``.

    A ``target`` ``(N,)`` that is no class has no loss; ``weight`` is ``(C,)`` or empty.
    """
    p, known = _probability(input, target)
    loss = -alpha * (1 - p).pow(gamma) * _log(p)
    loss = torch.where(known, loss * _weights(weight, target, input.shape[1]), 0)
    output.copy_(loss)


def softmax_focal_loss_backward(
    input: Tensor,
    target: Tensor,
    weight: Tensor,
    buff: Tensor,
    grad_input: Tensor,
    gamma: float,
    alpha: float,
) -> None:
    """Write the derivative of each row's loss by its logits to ``grad_input`` ``(N, C)``.

    ``input`` is the softmax. ``buff`` ``(N,)`` gets the factor of a row.
    """
    p, known = _probability(input, target)
    slope = gamma * (1 - p).pow(gamma - 1) * p * _log(p) - (1 - p).pow(gamma)
    slope = torch.where(known, alpha * slope * _weights(weight, target, input.shape[1]), 0)
    buff.copy_(slope)
    classes = torch.arange(input.shape[1], device=input.device)
    hit = (target[:, None] == classes).to(slope.dtype)
    grad_input.copy_(slope[:, None] * (hit - input))


def _probabilities(logits: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """Return the sigmoids ``(N, C)``, and which of them belong to the target."""
    classes = torch.arange(logits.shape[1], device=logits.device)
    return logits.to(working_dtype(logits)).sigmoid(), target[:, None] == classes


def _probability(softmax: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """Return the probability ``(N,)`` of each target, and which targets are a class."""
    known = (target >= 0) & (target < softmax.shape[1])
    index = torch.where(known, target, 0)[:, None]
    return softmax.to(working_dtype(softmax)).gather(1, index)[:, 0], known


def _log(p: Tensor) -> Tensor:
    return p.clamp(min=_TINY).log()


def _weights(weight: Tensor, target: Tensor, classes: int) -> Tensor:
    """Return the weight of each target, 1 if it is no class."""
    if weight.numel() == 0:
        return torch.ones_like(target, dtype=working_dtype(weight))
    known = (target >= 0) & (target < classes)
    return torch.where(known, weight[torch.where(known, target, 0)], 1)
