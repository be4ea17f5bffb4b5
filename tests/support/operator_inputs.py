"""Random numbers for operators, and how near their answers must be."""

import numpy as np
import torch
from hypothesis import strategies as st
from torch import Tensor

SEEDS = st.integers(0, 2**16)
FLOATS = st.sampled_from([torch.float32, torch.float64])


def randn(seed: int, *shape: int, dtype: torch.dtype = torch.float64) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed)).to(dtype)


def rand(seed: int, *shape: int, dtype: torch.dtype = torch.float64) -> Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed)).to(dtype)


def assert_near(actual: Tensor, expected: Tensor | np.ndarray) -> None:
    expected = torch.as_tensor(expected).to(actual.dtype)
    torch.testing.assert_close(actual, expected, rtol=1e-5, atol=1e-5)


def leaf(tensor: Tensor) -> Tensor:
    return tensor.detach().requires_grad_()
