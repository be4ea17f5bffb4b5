"""Feed-forward network, the FFN of every block (Eq. 3)."""

from collections.abc import Callable

from torch import Tensor, nn

from .nd import Layer


class Mlp(nn.Module):
    """Two layers with GELU between them.

    Args:
        layer: makes a layer from its input and output width: ``nn.Linear`` for tokens
            ``(B, N, C)``, a pointwise convolution for maps ``(B, C, *S)``.
    """

    def __init__(
        self,
        dim: int,
        hidden_dim: int,
        drop: float = 0.0,
        layer: Callable[[int, int], Layer] = nn.Linear,
    ):
        super().__init__()
        self.fc1 = layer(dim, hidden_dim)
        self.act = nn.GELU()
        self.fc2 = layer(hidden_dim, dim)
        self.drop = nn.Dropout(drop)

    def forward(self, x: Tensor) -> Tensor:
        x = self.drop(self.act(self.fc1(x)))
        return self.drop(self.fc2(x))
