"""Whether the numbers in a file can be a net's: their kind, and that they are numbers at all."""

from collections.abc import Iterator, Mapping

import torch
from torch import Tensor

from .report import CheckpointError

# Whole numbers in files, on which no output depends.
COUNTERS = ('num_batches_tracked', 'relative_position_index')


def check_kinds(state: Mapping[str, Tensor]) -> None:
    """Refuse what cannot be a weight.

    Raises:
        ValueError: a tensor is not one of real floating-point numbers, or not a plain one in
            memory, but sparse, quantised or without contents.
    """
    for key, value in state.items():
        plain = value.layout is torch.strided and not (value.is_quantized or value.is_nested)
        if not plain or value.device.type == 'meta':
            raise ValueError(f'{key} is not a plain tensor, but {_form(value)}')
        if not value.is_floating_point() and not key.endswith(COUNTERS):
            raise ValueError(f'{key} is of {value.dtype}, and weights are floating-point numbers')


def _form(value: Tensor) -> str:
    if value.device.type == 'meta':
        return 'one on the meta device, without numbers'
    return 'quantised' if value.is_quantized else 'sparse, nested or opaque'


def converted(
    source: str, state: Mapping[str, Tensor], wanted: Mapping[str, Tensor]
) -> dict[str, Tensor]:
    """The tensors of ``state`` that the net has, in the net's types.

    A counter that came as another kind of number is left out; the net keeps its own.

    Raises:
        CheckpointError: a number is NaN or infinite, or too large for the net's type.
    """
    result = {
        key: state[key].to(value.dtype)
        for key, value in wanted.items()
        if key in state and (value.is_floating_point() or not _has_fractions(state[key]))
    }
    if damaged := dict(_not_finite(result)):
        (first, count), total = next(iter(damaged.items())), len(damaged)
        others = f', the first of {total} such tensors' if total > 1 else ''
        raise CheckpointError(
            f'{source} cannot be used: {count} of {result[first].numel()} values of {first} are '
            f'NaN or infinite in {result[first].dtype}{others}; the file is damaged, or comes from '
            'a training that diverged'
        )
    return result


def _has_fractions(counter: Tensor) -> bool:
    return counter.is_floating_point() or counter.is_complex()


def _not_finite(state: Mapping[str, Tensor]) -> Iterator[tuple[str, int]]:
    for key, value in state.items():
        if value.is_floating_point() and (count := int((~torch.isfinite(value)).sum())):
            yield key, count
