"""Identify a checkpoint by its tensors: backbone, variant, classes. No code in it is run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from ..models import ARCHS, ARCHS_V2, LIGHT_ARCHS
from ..weights import CheckpointError, Published, read_checkpoint
from ..weights.diagnose import depths, widths
from ..weights.head_dim import head_dims_in_config
from ..weights.positions import square_grid
from ..weights.rename import OFFICIAL_HEAD, rename
from ..weights.unwrap import unwrap

# Names of the last layer of classifiers, of the authors and of the toolboxes.
CLASSIFIERS = ('head.weight', 'head.fc.weight', 'fc_cls.weight', f'{OFFICIAL_HEAD}weight')


@dataclass(frozen=True)
class Contents:
    """Contents of a file.

    Attributes:
        backbone: name of a class of :mod:`mmuniformer.models`.
        archs: possible variants; two if they differ in head_dim only.
        classes: number of classes; ``None`` without a classifier.
        made_from: name of the released file that it claims to be a copy of.
    """

    backbone: str
    archs: tuple[str, ...]
    classes: int | None = None
    made_from: str | None = None

    def __str__(self) -> str:
        nets = ' or '.join(f'{self.backbone} {arch!r}' for arch in self.archs)
        classes = f', {self.classes} classes' if self.classes else ''
        return f'{nets or f"a {self.backbone} of no released variant"}{classes}'


def look_into(path: Path) -> Contents:
    """Identify the file at ``path``.

    Raises:
        FileNotFoundError: the file does not exist.
        CheckpointError: the file is damaged or has no UniFormer backbone.
    """
    checkpoint = read_checkpoint(path)
    try:
        whole = unwrap(checkpoint)
        state = rename(whole, {}, None).tensors
    except ValueError as error:
        raise CheckpointError(f'{path} is no checkpoint of the family: {error}') from error
    if 'class_embedding' in state:
        backbone, archs = 'UniFormerV2', _archs_v2(state)
    elif 'blocks1.0.pos_embed.weight' in state:
        backbone, archs = _class_of(state), _archs(state, head_dims_in_config(checkpoint))
    else:
        names = ', '.join(list(state)[:3])
        raise CheckpointError(f'{path} holds no backbone of the family; its first names: {names}')
    rows = [len(value) for key, value in whole.items() if key.endswith(CLASSIFIERS)]
    meta = checkpoint.get('meta')
    made_from = meta.get('made_from') if isinstance(meta, Mapping) else None
    return Contents(backbone, archs, rows[0] if rows else None, made_from)


def _class_of(state: Mapping[str, Tensor]) -> str:
    light = 'Light' if 'cls_upsample.weight' in state else ''
    ndim = '3D' if state['blocks1.0.pos_embed.weight'].ndim == 5 else ''
    return f'UniFormer{light}{ndim}'


def _archs(state: Mapping[str, Tensor], head_dims: set[int]) -> tuple[str, ...]:
    scaled = any('.gamma_' in key for key in state)
    stem = 'conv' if 'patch_embed1.proj.0.weight' in state else 'patch'
    table = LIGHT_ARCHS if 'cls_upsample.weight' in state else ARCHS
    return tuple(
        name
        for name, arch in table.items()
        if (arch.depths, arch.dims) == (depths(state), widths(state))
        and (arch.layer_scale is not None) == scaled
        and arch.stem == stem
        and (len(head_dims) != 1 or arch.head_dim in head_dims)
    )


def _archs_v2(state: Mapping[str, Tensor]) -> tuple[str, ...]:
    layers = 'transformer.resblocks.'
    depth = len({key.split('.')[2] for key in state if key.startswith(layers)})
    patch = state['conv1.weight'].shape[-1] if 'conv1.weight' in state else 0
    positions = state.get('positional_embedding')
    grid = square_grid(len(positions) - 1) if positions is not None else None
    found = (depth, len(state['class_embedding']), patch, grid[0] * patch if grid else None)
    has_norm = 'ln_pre.weight' in state
    return tuple(
        name
        for name, arch in ARCHS_V2.items()
        if (arch.depth, arch.dim, arch.patch_size, arch.image_size) == found
        and arch.pre_norm == has_norm
    )


def objection(contents: Contents, row: Published) -> str | None:
    """Return the reason why a file with these contents is not ``row``, or ``None``."""
    if contents.backbone != row.backbone or row.arch not in contents.archs:
        return f'it is {contents}, and {row.name} is {row.backbone} {row.arch!r}'
    is_classifier = row.task in ('image', 'video')
    if is_classifier and contents.classes not in (None, row.classes):
        return f'it has {contents.classes} classes, and {row.name} has {row.classes}'
    return None
