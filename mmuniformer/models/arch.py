"""The published variants of UniFormer as rows of a table (paper, Table 1)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from types import MappingProxyType
from typing import Any, TypeVar

Row = TypeVar('Row')

STAGE_TYPES = ('local', 'global')
STEMS = ('patch', 'conv')
INFLATED = ('dpe', 'local', 'downsample')
TEMPORAL = ('inflated', 'temporal_strides')  # fields that mean nothing to an image net
_PER_STAGE = ('depths', 'dims', 'mlp_ratios', 'stage_types', 'kv_strides', 'temporal_strides')
_NOT_OF_LIGHT = (
    *('stem', 'stage_types', 'dpe', 'local_ffn', 'local_kernel', 'kv_strides'),
    *TEMPORAL,
)


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


@dataclass(frozen=True)
class Arch:
    """Shape of a UniFormer, one entry per stage. Recipe choices are not part of it.

    ``head_dim`` leaves no trace in the weights: 32 and 64 have identical parameter shapes, and a
    file for the one loads into the other and loses 15 points of accuracy.

    ``stem`` is ``'patch'`` (non-overlapping) or ``'conv'`` (3×3 convolutions, S+ only);
    ``layer_scale`` the initial factor on the residual branches of the stages (counted from 1) in
    ``layer_scale_stages``, or ``None``; ``norm_eps`` that of the LayerNorms in global blocks.

    The others are for the ablations of Sec. 5.6. Of Table 10: ``stage_types``, each ``'local'`` or
    ``'global'``; ``dpe``, whether there are position embeddings; ``local_ffn``, ``False`` for
    MobileNet blocks in local stages; ``local_kernel``, the size of the local neighbourhood;
    ``kv_strides``, rows and columns over which the keys and values of global stages are averaged.
    Of Table 12, and of video nets alone: ``inflated``, which convolutions reach across frames,
    ``'dpe'``, ``'local'`` or ``'downsample'``, the last one those before stages 2 to 4; ``()`` are
    the 2D filters. Those of the stem ``'conv'`` always do, and any that skips frames.
    ``temporal_strides``: each downsampling keeps one frame out of so many, 1 to 3.

    Raises:
        TypeError: a field is of the wrong type.
        ValueError: a field does not have one entry per stage, or a value nobody knows.
    """

    depths: tuple[int, ...] = (3, 4, 8, 3)
    dims: tuple[int, ...] = (64, 128, 320, 512)
    head_dim: int = 64
    mlp_ratios: tuple[float, ...] = (4, 4, 4, 4)
    stem: str = 'patch'
    layer_scale: float | None = None
    layer_scale_stages: tuple[int, ...] = (1, 2, 3, 4)
    stage_types: tuple[str, ...] = ('local', 'local', 'global', 'global')
    norm_eps: float = 1e-6
    dpe: bool = True
    local_ffn: bool = True
    local_kernel: int = 5
    kv_strides: tuple[int, ...] = (1, 1, 1, 1)
    inflated: tuple[str, ...] = ('dpe', 'local')
    temporal_strides: tuple[int, ...] = (2, 1, 1, 1)

    def __post_init__(self) -> None:
        self._check_sequences()
        self._check_choices()
        self._check_against_stages()

    def _check_sequences(self) -> None:
        for name in (*_PER_STAGE, 'layer_scale_stages', 'inflated'):
            value = getattr(self, name)
            if isinstance(value, str) or not hasattr(value, '__iter__'):
                content = f'some of {INFLATED}' if name == 'inflated' else 'one entry per stage'
                raise TypeError(f'arch {name} is a sequence with {content}, got {value!r}')
            object.__setattr__(self, name, tuple(value))
        for name in _PER_STAGE:
            if len(getattr(self, name)) != 4:
                raise ValueError(
                    f'arch {name} needs 4 entries, one per stage, got {getattr(self, name)}'
                )
        for name in ('depths', 'dims', 'mlp_ratios', 'kv_strides'):
            if min(getattr(self, name)) <= 0:
                raise ValueError(f'arch {name} must be positive, got {getattr(self, name)}')
        for name in ('kv_strides', 'temporal_strides'):
            if not all(_is_whole(value) for value in getattr(self, name)):
                raise TypeError(f'arch {name} are whole numbers, got {getattr(self, name)}')

    def _check_choices(self) -> None:
        if self.stem not in STEMS:
            raise ValueError(f'arch stem {self.stem!r} is none of {STEMS}')
        if unknown := set(self.stage_types) - set(STAGE_TYPES):
            raise ValueError(f'arch stage_types {sorted(unknown)} are none of {STAGE_TYPES}')
        if not set(self.layer_scale_stages) <= {1, 2, 3, 4}:
            raise ValueError(
                f'arch layer_scale_stages are numbers from 1 to 4, got {self.layer_scale_stages}'
            )
        for name in ('dpe', 'local_ffn'):
            if not isinstance(getattr(self, name), bool):
                raise TypeError(f'arch {name} is True or False, got {getattr(self, name)!r}')
        if not _is_whole(self.local_kernel) or self.local_kernel < 1 or self.local_kernel % 2 == 0:
            raise ValueError(
                f'arch local_kernel {self.local_kernel!r} is not an odd number above 0; the paper '
                'tries 3, 5, 7 and 9'
            )
        if unknown := set(self.inflated) - set(INFLATED):
            raise ValueError(f'arch inflated {sorted(unknown)} are none of {INFLATED}')
        if not set(self.temporal_strides) <= {1, 2, 3}:
            raise ValueError(
                f'arch temporal_strides {self.temporal_strides}: the filters are 3 frames long, '
                'allowed are 1 to 3'
            )

    def _check_against_stages(self) -> None:
        for dim, kind, stride in zip(self.dims, self.stage_types, self.kv_strides, strict=True):
            if kind == 'global' and (self.head_dim < 1 or dim % self.head_dim):
                raise ValueError(
                    f'head_dim {self.head_dim} does not divide the {dim} channels of a global '
                    'stage; the released models use 64 or 32'
                )
            if kind == 'local' and stride > 1:
                raise ValueError(
                    f'arch kv_strides {self.kv_strides} give a local stage a stride, where there '
                    f'is no attention; give it 1, stage_types are {self.stage_types}'
                )
        if 'local' not in self.stage_types and self.changed(('local_ffn', 'local_kernel')):
            raise ValueError(
                f'arch local_ffn and local_kernel mean nothing where stage_types are '
                f'{self.stage_types}; leave them out'
            )

    def layer_scale_of(self, stage: int) -> float | None:
        """Initial layer scale of ``stage`` (counted from 0), ``None`` for no layer scale."""
        return self.layer_scale if stage + 1 in self.layer_scale_stages else None

    def length_before(self, stage: int) -> int:
        """Frames that the filters before ``stage`` (counted from 0) span in a video net."""
        spans = stage == 0 or self.stem == 'conv' or 'downsample' in self.inflated
        return 3 if spans or self.temporal_strides[stage] > 1 else 1

    def changed(self, names: Iterable[str]) -> list[str]:
        """Which of the fields ``names`` are not as in ``small``."""
        return [name for name in names if getattr(self, name) != getattr(Arch, name)]


@dataclass(frozen=True)
class LightArch(Arch):
    """Shape of a light (hourglass) UniFormer; the fields left out are as in ``xxs``.

    The stem is convolutional before stage 1 and patches elsewhere, stages 3 and 4 prune tokens:
    ``stem``, ``stage_types`` and the fields for ablations offer no choice.

    ``prune_ratio`` is the share of tokens that a block keeps, ``trade_off`` that of a block's new
    attention in the score by which the next one chooses. The first block of stage 3 keeps all.

    Raises:
        ValueError: as for :class:`Arch`, or a share is not between 0 and 1.
    """

    depths: tuple[int, ...] = (2, 5, 8, 2)
    dims: tuple[int, ...] = (56, 112, 224, 448)
    head_dim: int = 28
    mlp_ratios: tuple[float, ...] = (3, 3, 3, 3)
    prune_ratio: float = 0.5
    trade_off: float = 0.5

    def __post_init__(self) -> None:
        super().__post_init__()
        if changed := self.changed(_NOT_OF_LIGHT):
            raise ValueError(
                'a light net has one stem and one kind of stages; leave out arch stem and '
                f'stage_types and what belongs to ablations, got {", ".join(changed)}'
            )
        if not 0 < self.prune_ratio < 1:
            raise ValueError(f'arch prune_ratio {self.prune_ratio} is not between 0 and 1')
        if not 0 <= self.trade_off <= 1:
            raise ValueError(f'arch trade_off {self.trade_off} is outside [0, 1]')


_SMALL = Arch()
_SMALL_PLUS = Arch(depths=(3, 5, 9, 3), stem='conv')
_BASE = Arch(depths=(5, 8, 20, 7))
_LARGE = Arch(depths=(5, 10, 24, 7), dims=(128, 192, 448, 640))

# Token labelling trained its small, small_plus and base files with head_dim 32; those are the
# *_dim32 rows, and small_plus, which is published with 32 on plain ImageNet too.
ARCHS: Mapping[str, Arch] = MappingProxyType(
    {
        'small': _SMALL,
        'small_dim32': replace(_SMALL, head_dim=32),
        'small_plus': replace(_SMALL_PLUS, head_dim=32),
        'small_plus_dim64': _SMALL_PLUS,
        'base': _BASE,
        'base_dim32': replace(_BASE, head_dim=32),
        'base_ls': replace(_BASE, layer_scale=1e-6, layer_scale_stages=(3, 4)),
        'large': _LARGE,
        'large_ls': replace(_LARGE, layer_scale=1e-6),
    }
)


_XXS = LightArch()
_XS = LightArch(depths=(3, 5, 9, 3), dims=(64, 128, 256, 512), head_dim=32)

# Layer scale: the video files of XXS with 4 frames, and with 8 frames at 128 pixels. No others.
LIGHT_ARCHS: Mapping[str, LightArch] = MappingProxyType(
    {'xxs': _XXS, 'xxs_ls': replace(_XXS, layer_scale=0.1), 'xs': _XS}
)


def find_arch(arch: str | Mapping | Arch) -> Arch:
    """Look up a row, or make one from the fields in a dict; those left out are as in ``small``.

    Raises:
        ValueError: no such row, or a field no row has.
    """
    if isinstance(arch, str) and arch in LIGHT_ARCHS:
        raise ValueError(f'arch {arch!r} is a light net; use UniFormerLight or UniFormerLight3D')
    return find_row(arch, Arch, ARCHS)


def find_light_arch(arch: str | Mapping | LightArch) -> LightArch:
    """The same for light nets; fields left out are as in ``xxs``."""
    if isinstance(arch, str) and arch in ARCHS:
        raise ValueError(f'arch {arch!r} is not a light net; use UniFormer or UniFormer3D')
    return find_row(arch, LightArch, LIGHT_ARCHS)


def find_row(arch: str | Mapping | Row, kind: type[Row], rows: Mapping[str, Row]) -> Row:
    """Look up a row of a table, or make one from the fields in a dict."""
    if isinstance(arch, kind):
        return arch
    if isinstance(arch, str):
        if arch not in rows:
            raise ValueError(
                f'unknown arch {arch!r}; there are {", ".join(rows)}, or a dict of fields'
            )
        return rows[arch]
    if not isinstance(arch, Mapping):
        raise TypeError(f'arch is the name of a row or a dict of fields, got {arch!r}')
    known = [field.name for field in fields(kind)]
    if unknown := set(arch) - set(known):
        raise ValueError(f'arch has no field {sorted(unknown)}; there are {", ".join(known)}')
    return kind(**arch)
