"""Activation checkpointing of a block."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.utils.checkpoint import checkpoint


def recompute(block: nn.Module, *inputs: Tensor | None) -> Tensor:
    """Run ``block`` without storing its activations; the backward pass computes them again."""
    if any(isinstance(module, _BatchNorm) for module in block.modules()):
        # Otherwise the second computation would update the running statistics a second time.
        return checkpoint(
            block,
            *inputs,
            use_reentrant=False,
            context_fn=lambda: (nullcontext(), _frozen_statistics(block)),
        )
    return checkpoint(block, *inputs, use_reentrant=False)


@contextmanager
def _frozen_statistics(block: nn.Module) -> Iterator[None]:
    norms = [module for module in block.modules() if isinstance(module, _BatchNorm)]
    originals = [dict(norm._buffers) for norm in norms]
    for norm in norms:
        norm._buffers.update(
            {
                name: None if value is None else value.clone()
                for name, value in norm._buffers.items()
            }
        )
    try:
        yield
    finally:
        for norm, buffers in zip(norms, originals, strict=True):
            norm._buffers.update(buffers)
