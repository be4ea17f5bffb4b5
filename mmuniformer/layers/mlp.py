"""Feed-forward network, the FFN of every block (UniFormer, Eq. 3)."""

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor, nn

from .activation import GELU
from .tracing import is_traced

_STRIP = 4 * 2**20  # bytes of a hidden map that are computed at a time
_LARGE = 16 * 2**20  # bytes of a hidden map for which that pays


class Mlp(nn.Module):
    """Two layers with GELU between.

    A large hidden map ``(B, hidden_dim, *S)`` is computed strip by strip on a CPU. As a whole it
    would be written to memory that comes from the operating system page by page, each time anew:
    a third of the FFN's time. Strips of tokens gain nothing.

    Args:
        layer: makes a layer from its input and output width: ``nn.Linear`` for tokens
            ``(B, N, C)``, a pointwise convolution for maps ``(B, C, *S)``.
    """

    def __init__(
        self,
        dim: int,
        hidden_dim: int,
        drop: float = 0.0,
        layer: Callable[[int, int], nn.Module] = nn.Linear,
    ):
        super().__init__()
        self.hidden_dim = hidden_dim
        self.fc1 = layer(dim, hidden_dim)
        self.act = GELU()
        self.fc2 = layer(hidden_dim, dim)
        self.drop = nn.Dropout(drop)

    def forward(self, x: Tensor) -> Tensor:
        if x.ndim > 3 and x.is_cpu and not self._is_watched():
            size = x.numel() // x.shape[1] * self.hidden_dim * x.element_size()
            if size > _LARGE:
                return _in_strips(self.transform, x, -(-size // _STRIP))
        return self.transform(x)

    def transform(self, x: Tensor) -> Tensor:
        x = self.drop(self.act(self.fc1(x)))
        return self.drop(self.fc2(x))

    def _is_watched(self) -> bool:
        """Whether somebody would see strips: the compiler, a tracer or a hook on a layer."""
        return is_traced() or any(
            layer._forward_hooks
            or layer._forward_pre_hooks
            or layer._backward_hooks
            or layer._backward_pre_hooks
            for layer in self.children()
        )


def _in_strips(function: Callable[[Tensor], Tensor], x: Tensor, count: int) -> Tensor:
    """Apply ``function`` to about ``count`` strips of the maps ``(B, C, *S)``."""
    B, _, length = x.shape[:3]
    samples = -(-B // count)
    rows = -(-length * B // count) if samples == 1 else length
    return _piecewise(partial(_piecewise, function, rows, 2), samples, 0, x)


def _piecewise(function: Callable[[Tensor], Tensor], size: int, dim: int, x: Tensor) -> Tensor:
    pieces = [function(piece) for piece in x.split(size, dim)]
    return torch.cat(pieces, dim) if len(pieces) > 1 else pieces[0]
