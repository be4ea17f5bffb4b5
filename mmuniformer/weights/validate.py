"""Whether the tensors of a file can be weights: their type, and that all values are finite."""

from collections.abc import Iterator, Mapping

import torch
from torch import Tensor

from .report import COUNTER, CheckpointError

# Integers in files, on which no output depends.
COUNTERS = (COUNTER, 'relative_position_index')


def check_dtypes(state: Mapping[str, Tensor]) -> None:
    """Refuse tensors that cannot be weights.

    Raises:
        ValueError: a tensor is not of real floating-point numbers, or it is sparse, quantized,
            nested or on the meta device.
    """
    for key, value in state.items():
        plain = value.layout is torch.strided and not (value.is_quantized or value.is_nested)
        if not plain or value.device.type == 'meta':
            raise ValueError(f'{key} is not a plain tensor, but {_form(value)}')
        if not value.is_floating_point() and not key.endswith(COUNTERS):
            raise ValueError(f'{key} is of {value.dtype}, and weights are floating-point numbers')


def _form(value: Tensor) -> str:
    if value.device.type == 'meta':
        return 'one on the meta device, without values'
    return 'quantized' if value.is_quantized else 'sparse, nested or opaque'


def cast_like(
    source: str, state: Mapping[str, Tensor], wanted: Mapping[str, Tensor]
) -> dict[str, Tensor]:
    """Return the tensors of ``state`` that the net has, cast to the dtypes of ``wanted``.

    A counter of another type of numbers is left out; the net keeps its own.

    Raises:
        CheckpointError: a value is NaN or infinite, or too large for the net's dtype.
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
