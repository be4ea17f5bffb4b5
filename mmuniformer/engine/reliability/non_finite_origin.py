"""Finding the module in which the first number arises that is none, by running it once more."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from typing import Any

import torch
from torch import Tensor, nn


class _FoundError(Exception):
    """Ends a forward pass that has told where the first such number is."""


def find_in_forward(model: nn.Module, run: Callable[[], Any]) -> str | None:
    """Say where in ``run()``, a forward pass of ``model``, the first infinity or NaN arises.

    That is the innermost module whose inputs are finite and whose output is not; or the one whose
    own arithmetic, between its parts, gives the input of a part. ``-inf`` does not count by itself:
    masks hold it.

    Returns:
        Name and class of the module and what is wrong; ``None`` if every output is finite.
    """
    names = {module: _title(name, module) for name, module in model.named_modules()}
    running: list[nn.Module] = []

    def before(module: nn.Module, args: tuple, options: dict) -> None:
        if _is_bad((args, options)):
            if not running:
                raise _FoundError('in the batch: it holds numbers that are not finite')
            raise _FoundError(
                f'in {names[running[-1]]}: not in one of its parts but between them, before '
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
    """Say which module is the first that the backward pass gives a gradient that is not finite.

    ``run()`` is a forward and backward pass of ``model``. Only modules with parameters of their
    own can be told; gradients that were there before are lost.
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
    """Names of parameters, and of running statistics, that are not finite."""
    tensors = dict(model.named_parameters())
    tensors |= {name: b for name, b in model.named_buffers() if '.running_' in f'.{name}'}
    bad = {
        name: ~torch.isfinite(tensor.detach()).all()
        for name, tensor in tensors.items()
        if tensor.is_floating_point()
    }
    return [name for name, is_bad in bad.items() if is_bad]


def _title(name: str, module: nn.Module) -> str:
    kind = type(module).__name__
    return f'{name} ({kind})' if name else kind


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
