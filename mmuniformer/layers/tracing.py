"""Whether somebody records the computation; then it must be PyTorch's plain one."""

import torch


def is_traced() -> bool:
    """Whether the compiler, an export or a tracer records the computation."""
    return torch.compiler.is_compiling() or torch.jit.is_tracing()
