"""Find the module that produces the first non-finite value, by running the batch again."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from typing import Any

import torch
from torch import Tensor, nn


class _FoundError(Exception):
    """Stops the forward pass at the first non-finite value."""


def find_in_forward(model: nn.Module, run: Callable[[], Any]) -> str | None:
    """Find the first module that produces infinity or NaN in a forward pass, ``run()``.

    This is the innermost module with finite inputs and a non-finite output, or the module whose own
    code passes a non-finite input to a submodule. ``-inf`` alone does not count, because masks
    contain it.

    Returns:
        Name and class of the module and the problem, or ``None`` if all outputs are finite.
    """
    names = {module: _title(name, module) for name, module in model.named_modules()}
    running: list[nn.Module] = []

    def before(module: nn.Module, args: tuple, options: dict) -> None:
        if _is_bad((args, options)):
            if not running:
                raise _FoundError('in the batch: it holds numbers that are not finite')
            raise _FoundError(
                f'in {names[running[-1]]}: not in a submodule but between them, before '
                f'{names[module]}'
            )
        running.append(module)

    def after(module: nn.Module, args: tuple, output: Any) -> None:
        running.pop()
        if _is_bad(output):
            own = [name for name, p in module.named_parameters(recurse=False) if _is_bad(p)]
            reason = f', whose {" and ".join(own)} is not finite' if own else ''
            raise _FoundError(f'in {names[module]}{reason}')

    with ExitStack() as hooks, torch.no_grad():
        for module in names:
            handle = module.register_forward_pre_hook(before, with_kwargs=True)
            hooks.callback(handle.remove)
            hooks.callback(module.register_forward_hook(after).remove)
        try:
            run()
        except _FoundError as found:
            return str(found)
    return None


def find_in_backward(model: nn.Module, run: Callable[[], Any]) -> str | None:
    """Find the first module whose parameters get a non-finite gradient in the backward pass.

    ``run()`` is a forward and backward pass of ``model``. Existing gradients are lost. Modules
    without parameters cannot be found.
    """
    model.zero_grad()
    order: list[tuple[str, nn.Module]] = []
    with ExitStack() as hooks:
        for name, module in model.named_modules():
            title = _title(name, module)
            handle = module.register_forward_hook(
                lambda module, args, output, title=title: order.append((title, module))
            )
            hooks.callback(handle.remove)
        run()
    for title, module in reversed(order):
        if any(_is_bad(p.grad) for p in module.parameters(recurse=False)):
            return f'in the gradient of {title}'
    return None


def non_finite_weights(model: nn.Module) -> list[str]:
    """Return the names of non-finite parameters and running statistics."""
    tensors: dict[str, Tensor] = dict(model.named_parameters())
    tensors |= {name: b for name, b in model.named_buffers() if '.running_' in f'.{name}'}
    bad = {
        name: ~torch.isfinite(tensor.detach()).all()
        for name, tensor in tensors.items()
        if tensor.is_floating_point()
    }
    return [name for name, is_bad in bad.items() if is_bad]


def _title(name: str, module: nn.Module) -> str:
    cls = type(module).__name__
    return f'{name} ({cls})' if name else cls


def _is_bad(value: Any) -> bool:
    return any(not (tensor < torch.inf).all() for tensor in _floats(value))


def _floats(value: Any) -> Iterator[Tensor]:
    if isinstance(value, Tensor):
        if value.is_floating_point():
            yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _floats(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _floats(item)
