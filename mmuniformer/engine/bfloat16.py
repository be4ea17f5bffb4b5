"""bfloat16 mixed precision for the backbone only, with or without an accelerator."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from mmengine.optim import OptimWrapper
from mmengine.runner.amp import autocast
from mmengine.utils import apply_to
from torch import Tensor, nn

from ..registry import OPTIM_WRAPPERS


@OPTIM_WRAPPERS.register_module()
class BFloat16OptimWrapper(OptimWrapper):
    """Train with the backbone in bfloat16; its outputs and all other modules are float32.

    It temporarily replaces the backbone's ``forward`` during a training step. mmengine's
    ``AmpOptimWrapper`` needs an accelerator and casts the whole model, although some of mmcv's
    operators, such as NMS and RoIAlign, do not take bfloat16. Parameters, gradients and the state
    of the optimizer stay float32. bfloat16 has the range of float32, so the loss needs no scaling.
    The arguments are those of ``OptimWrapper``.

    Raises:
        ValueError: on the first step, if the model has no module called ``backbone``.
    """

    @contextmanager
    def optim_context(self, model: nn.Module) -> Iterator[None]:
        with ExitStack() as stack:
            stack.enter_context(super().optim_context(model))
            for backbone in _backbones(model):
                stack.enter_context(_in_bfloat16(backbone))
            yield


def _backbones(model: nn.Module) -> list[nn.Module]:
    found = [module for name, module in model.named_modules() if name.split('.')[-1] == 'backbone']
    if not found:
        raise ValueError(
            f'{type(model).__name__} has no module called backbone to run in bfloat16; '
            "use type='OptimWrapper'"
        )
    return found


@contextmanager
def _in_bfloat16(backbone: nn.Module) -> Iterator[None]:
    """Temporarily replace ``forward``; one that was already replaced by a hook is restored."""
    forward, replaced = backbone.forward, vars(backbone).get('forward')

    def cast_forward(*args: Any, **options: Any) -> Any:
        with autocast(dtype=torch.bfloat16):
            outputs = forward(*args, **options)
        return apply_to(outputs, _is_bfloat16, Tensor.float)

    backbone.forward = cast_forward
    try:
        yield
    finally:
        del backbone.forward
        if replaced is not None:
            backbone.forward = replaced


def _is_bfloat16(output: Any) -> bool:
    return isinstance(output, Tensor) and output.dtype == torch.bfloat16
