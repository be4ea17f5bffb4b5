"""The paper's ablations (Tables 10 to 12): fields of ``arch`` that no published model changes."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

from torch import nn

from ..layers import LocalBlock, MobileBlock, PooledBlock
from ..layers.nd import kernel_nd
from . import checks
from .arch import Arch

if TYPE_CHECKING:
    from .uniformer import UniFormer

StageType = Literal['local', 'global']
Inflated = Literal['dpe', 'local', 'downsample']


@dataclass(frozen=True)
class AblationArch(Arch):
    """Architecture with changes of Sec. 5.6; the fields left out are as in ``small``.

    ``stage_types`` to ``kv_strides`` are those of Table 10, ``inflated`` that of Table 12.

    Raises:
        TypeError: a field has the wrong type.
        ValueError: a field has a wrong value, or one without effect.
    """

    stage_types: tuple[StageType, ...] = ('local', 'local', 'global', 'global')
    dpe: bool = True
    local_ffn: bool = True  # False: MobileNet blocks in local stages
    local_kernel: int = 5  # size of the local neighborhood
    kv_strides: tuple[int, ...] = (1, 1, 1, 1)  # rows and columns over which keys are averaged
    inflated: tuple[Inflated, ...] = ('dpe', 'local')  # convolutions with a kernel in time

    @property
    def global_stages(self) -> tuple[int, ...]:
        return tuple(i for i, name in enumerate(self.stage_types) if name == 'global')

    def __post_init__(self) -> None:
        checks.per_stage(self, 'stage_types')
        _check_choices('arch stage_types', self.stage_types, StageType)
        super().__post_init__()
        self._check_kv_strides()
        checks.to_tuple(self, 'inflated', f'some of {get_args(Inflated)}')
        _check_choices('arch inflated', self.inflated, Inflated)
        for name in ('dpe', 'local_ffn'):
            if not isinstance(getattr(self, name), bool):
                raise TypeError(f'arch {name} is True or False, got {getattr(self, name)!r}')
        kernel = self.local_kernel
        if isinstance(kernel, bool) or not isinstance(kernel, int) or kernel < 1 or not kernel % 2:
            raise ValueError(
                f'arch local_kernel {kernel!r} is not an odd number above 0; the paper tries 3, 5, '
                '7 and 9'
            )
        if 'local' not in self.stage_types and self.changed(('local_ffn', 'local_kernel')):
            raise ValueError(
                f'arch local_ffn and local_kernel have no effect if stage_types are '
                f'{self.stage_types}; leave them out'
            )

    def _check_kv_strides(self) -> None:
        strides = checks.per_stage(self, 'kv_strides')
        if not all(isinstance(stride, int) and not isinstance(stride, bool) for stride in strides):
            raise TypeError(f'arch kv_strides are whole numbers, got {strides}')
        if min(strides) < 1:
            raise ValueError(f'arch kv_strides must be positive, got {strides}')
        for stage, stride in enumerate(strides):
            if stride > 1 and stage not in self.global_stages:
                raise ValueError(
                    f'arch kv_strides {strides} give a local stage a stride, which has no '
                    f'attention; give it 1, stage_types are {self.stage_types}'
                )

    def downsample_options(self, stage: int) -> dict[str, int]:
        """Options of the downsampling before ``stage``, counted from 0, in a video net."""
        inflated = 'downsample' in self.inflated and self.stem == 'patch' and stage > 0
        return {'length': 3} if inflated else {}

    def changed(self, names: Iterable[str]) -> list[str]:
        """The fields among ``names`` that differ from ``small``."""
        return [name for name in names if getattr(self, name) != getattr(AblationArch, name)]


def _check_choices(name: str, values: Iterable[Any], literal: Any) -> None:
    if unknown := set(values) - set(get_args(literal)):
        raise ValueError(f'{name} {sorted(unknown)} are none of {get_args(literal)}')


def check_ablation(arch: AblationArch, net: 'UniFormer') -> None:
    """Refuse fields that have no effect on ``net``, and attention that does not go with them."""
    if net.ndim == 2 and arch.changed(('inflated',)):
        raise ValueError(f'{type(net).__name__} has no time; leave out arch inflated')
    if net.attention in ('window', 'hybrid') and (
        2 not in arch.global_stages or arch.kv_strides[2] > 1
    ):
        raise ValueError(
            f'attention {net.attention!r} needs a global stage 3 without kv_strides; got arch '
            f'stage_types {arch.stage_types}, kv_strides {arch.kv_strides}; '
            "use attention='global'"
        )
    if net.attention == 'divided' and not arch.global_stages:
        raise ValueError(
            f"attention 'divided' needs global stages, and arch stage_types are "
            f"{arch.stage_types}; use attention='joint'"
        )
    for stage in arch.global_stages if net.attention == 'divided' else ():
        if arch.kv_strides[stage] > 1:
            raise ValueError(
                f"attention 'divided' has no kv_strides, and arch gives stage {stage + 1} one; "
                'leave it out there'
            )


def make_ablation_block(
    net: 'UniFormer', arch: AblationArch, stage: int, number: int, options: dict[str, Any]
) -> nn.Module:
    """Block ``number`` of ``stage``, both counted from 0, with the ``options`` of its stage."""
    dim = arch.dims[stage]

    def kernel(name: Inflated, size: int) -> tuple[int, ...]:
        return kernel_nd(net.ndim, size, size if name in arch.inflated else 1)

    options = {**options, 'dpe_kernel': kernel('dpe', 3) if arch.dpe else None}
    if stage in arch.global_stages:
        if arch.kv_strides[stage] == 1:
            return net.make_global_block(stage, number, **options)
        return PooledBlock(net.ndim, dim, kv_stride=arch.kv_strides[stage], **options)
    options['kernel_size'] = kernel('local', arch.local_kernel)
    if arch.local_ffn:
        return LocalBlock(net.ndim, dim, **options)
    del options['mlp_ratio'], options['drop']  # there is no FFN
    return MobileBlock(net.ndim, dim, **options)
