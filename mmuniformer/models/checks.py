"""Checks of the arguments that the backbones share.

A ValueError says what came, what is allowed and what to do; a TypeError that the type is wrong.
"""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, get_args

from ..layers.attention import count_heads

if TYPE_CHECKING:
    from .arch import Arch


def positive_int(name: str, value: Any, hint: str = '') -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        hint = f'; {hint}' if hint else ''
        raise ValueError(f'{name} must be a positive integer, got {value!r}{hint}')
    return value


def rate(name: str, value: float) -> float:
    if not 0 <= value < 1:
        raise ValueError(f'{name} {value} is outside [0, 1)')
    return value


def choice(name: str, value: Any, literal: Any) -> None:
    """Refuse a ``value`` that is not among those of ``literal``, a ``typing.Literal``."""
    if value not in get_args(literal):
        raise ValueError(f'{name} {value!r} is none of {get_args(literal)}')


def frozen_stages(value: int, count: int) -> int:
    if value not in range(-1, count + 1):
        raise ValueError(f'frozen_stages {value!r} is not in -1 … {count}')
    return value


def channels(given: int, in_channels: int) -> None:
    if given != in_channels:
        raise ValueError(
            f'the input has {given} channels and the net {in_channels}; set in_channels, or '
            'convert the images'
        )


def indices(name: str, value: int | Sequence[int], count: int, unit: str) -> tuple[int, ...]:
    """Rising indices of ``count`` stages or layers; negative ones count from the end."""
    given = (value,) if isinstance(value, int) else tuple(value)
    if not given or not all(isinstance(i, int) and -count <= i < count for i in given):
        raise ValueError(
            f'{name} {value!r}: allowed are {unit}s 0 to {count - 1}, '
            f'or -{count} to -1 counted from the last'
        )
    result = tuple(index % count for index in given)
    if list(result) != sorted(set(result)):
        raise ValueError(f'{name} {value!r} must be in rising order, each {unit} once')
    return result


def num_recomputed(with_cp: bool | Sequence[int], depths: Sequence[int]) -> tuple[int, ...]:
    """Number of blocks of each stage whose activations are recomputed."""
    if isinstance(with_cp, bool):
        return tuple(depths) if with_cp else (0,) * len(depths)
    counts = tuple(with_cp) if isinstance(with_cp, Sequence) else ()
    if len(counts) != len(depths) or not all(
        isinstance(count, int) and 0 <= count <= depth
        for count, depth in zip(counts, depths, strict=True)
    ):
        raise ValueError(
            f'with_cp is a bool or the number of blocks to recompute in each stage, '
            f'at most {tuple(depths)}; got {with_cp!r}'
        )
    return counts


def drop_path_rates(name: str, last_rate: float, depth: int) -> list[float]:
    """Stochastic depth of ``depth`` blocks, rising linearly from 0 to ``last_rate``."""
    last = max(depth - 1, 1)
    return [rate(name, last_rate) * number / last for number in range(depth)]


def arch_fields(arch: 'Arch', stem: Any) -> None:
    """Check the fields of a frozen ``arch``, and make tuples of its sequences."""
    for name in ('depths', 'dims', 'mlp_ratios'):
        if min(per_stage(arch, name)) <= 0:
            raise ValueError(f'arch {name} must be positive, got {getattr(arch, name)}')
    choice('arch stem', arch.stem, stem)
    if not set(to_tuple(arch, 'layer_scale_stages', 'stages')) <= {1, 2, 3, 4}:
        raise ValueError(
            f'arch layer_scale_stages are numbers from 1 to 4, got {arch.layer_scale_stages}'
        )
    for stage in arch.global_stages:
        count_heads(arch.dims[stage], arch.head_dim)


def per_stage(arch: 'Arch', name: str) -> tuple:
    """Make a tuple of the field ``name``, which has one entry per stage."""
    value = to_tuple(arch, name, 'one entry per stage')
    if len(value) != 4:
        raise ValueError(f'arch {name} needs 4 entries, one per stage, got {value}')
    return value


def to_tuple(arch: 'Arch', name: str, content: str) -> tuple:
    value = getattr(arch, name)
    if isinstance(value, str) or not isinstance(value, Iterable):
        raise TypeError(f'arch {name} is a sequence with {content}, got {value!r}')
    object.__setattr__(arch, name, tuple(value))
    return getattr(arch, name)
