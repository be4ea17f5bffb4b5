"""Reorder or select the classes of video classifiers.

The authors' heads have another order of classes than mmaction2's annotation lists, which the
configs of this package read. :mod:`.convert` exports these functions.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ..weights.class_names import (
    DATASETS,
    PERMUTED,
    class_names,
    official_rows,
    read_class_names,
    rows_by_name,
)
from ..weights.read import read
from ..weights.rename import FINAL_NORMS, OFFICIAL_HEAD, rename_final_norm
from ..weights.report import CheckpointError
from ..weights.unwrap import unwrap

# First components of the backbone's keys in released files.
_BACKBONE = ('patch_embed', 'blocks', 'norm', 'norm_cls', 'cls_token', 'cls_upsample')
# Heads in released files → in mmaction2. The second one, of the light models' class token, is not
# used for prediction.
_HEADS = {'head': 'fc_cls', 'head_cls': 'fc_cls_token'}
_HEAD, _OFFICIAL_HEAD = 'cls_head.fc_cls.', f'backbone.{OFFICIAL_HEAD}'
_MMACTION_NORM = FINAL_NORMS[1]
_SHORT = {name.replace('kinetics', 'k'): name for name in DATASETS if name.startswith('kinetics')}


@dataclass(frozen=True)
class HeadConversion:
    """A checkpoint for mmaction2 and the configs of this package.

    Attributes:
        checkpoint: ``meta``, with the class names, and ``state_dict``.
        summary: what was done with the tensors of the file.
    """

    checkpoint: dict[str, Any]
    summary: str

    def __str__(self) -> str:
        return self.summary

    def save(self, path: str | Path) -> None:
        """Write the checkpoint; missing parent folders are created."""
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        torch.save(self.checkpoint, path)


def _checkpoint(state: dict[str, Tensor], classes: Sequence[str]) -> dict[str, Any]:
    return {'meta': {'dataset_meta': {'classes': list(classes)}}, 'state_dict': state}


def _tensors(source: str | Path | Mapping) -> dict[str, Tensor]:
    return unwrap(source if isinstance(source, Mapping) else read(source).content)


def is_official_v2(state: Mapping[str, Tensor]) -> bool:
    """Return whether this is a UniFormerV2 classifier in the authors' format."""
    return any(key.endswith(f'{OFFICIAL_HEAD}weight') for key in state)


def permute_head(source: str | Path | Mapping, dataset: str) -> HeadConversion:
    """Convert a released video UniFormer to a checkpoint with classes in mmaction2's order.

    Args:
        source: path, URL or released name, or a loaded file.
        dataset: data set that the file was trained on: ``'kinetics400'``, ``'kinetics600'``,
            ``'sthv1'`` or ``'sthv2'``.

    Raises:
        FileNotFoundError: the file does not exist.
        CheckpointError: the file is in mmaction2's format already, it is a UniFormerV2, it has no
            head or one for other classes, or it has unknown tensors.
        ValueError: the file has no tensors, or the official order of ``dataset`` is not known.

    Example:
        >>> from mmuniformer.apis.conversion import permute_head
        >>> done = permute_head('uniformer_small_k400_16x4.pth', 'kinetics400')
        >>> done.save('small_k400.pth')
        >>> print(done)
        329 tensors of the backbone kept
        400 rows of head, 400 of them moved
    """
    state = _tensors(source)
    if is_official_v2(state):
        raise CheckpointError(
            f'the file is a UniFormerV2 of the authors; give --from {dataset} --to {dataset}, '
            'or call slice_head'
        )
    rows = official_class_rows(state, dataset)
    found = [head for head in _HEADS if head == 'head' or f'{head}.weight' in state]
    heads, backbone, unknown = {}, {}, []
    for head in found:
        for leaf in ('weight', 'bias'):
            key = f'{head}.{leaf}'
            if key not in state:
                raise CheckpointError(f'the file has no {key}; its classifier has been taken off')
            check_classes(key, state[key], len(rows))
            heads[f'cls_head.{_HEADS[head]}.{leaf}'] = state[key][rows]
    for key, value in state.items():
        first = key.split('.', 1)[0]
        if first.rstrip('1234') in _BACKBONE:
            backbone[f'backbone.{key}'] = value
        elif first not in _HEADS:
            unknown.append(key)
    if unknown or not backbone:
        raise CheckpointError(
            f'the file is not a video UniFormer: {len(backbone)} tensors of a backbone, and '
            f'without a place {", ".join(unknown[:5]) or "none"}'
        )
    moved = sum(new != old for new, old in enumerate(rows))
    return HeadConversion(
        _checkpoint({**backbone, **heads}, class_names(dataset)),
        f'{len(backbone)} tensors of the backbone kept\n'
        f'{len(rows)} rows of {" and ".join(found)}, {moved} of them moved',
    )


def official_class_rows(state: Mapping[str, Tensor], dataset: str) -> list[int]:
    """Return the row in a released head of each class in mmaction2's order.

    Raises:
        CheckpointError: the file is in mmaction2's format.
        ValueError: the official order of ``dataset`` is not known.
    """
    rows = official_rows(dataset)
    prefixes = ('backbone.', 'cls_head.')
    if not is_official_v2(state) and any(key.startswith(prefixes) for key in state):
        raise CheckpointError(
            'the file is one of mmaction2, with its classes in order already; use it as it is'
        )
    return rows


def check_classes(key: str, value: Tensor, number: int, classes: str = 'the data set') -> None:
    """Raise if a parameter of a head does not have ``number`` rows."""
    if len(value) != number:
        raise CheckpointError(
            f'{key} has {len(value)} rows and {classes} {number} classes; '
            'name what the file was trained on'
        )


def slice_head(source: str | Path | Mapping, old: str, new: str) -> HeadConversion:
    """Reduce the head of a UniFormerV2 to other classes, matched by name.

    Args:
        source: path, URL or released name, or a loaded file, in the format of this package, of
            mmaction2 or of the authors. Of the authors' heads, the order is known for Kinetics-400,
            Kinetics-600 and the first 400 rows of Kinetics-710.
        old: classes of the head: ``'k400'``, ``'k600'``, ``'k700'``, ``'k710'``, another data set,
            or a .txt file with a name per line.
        new: classes of the new head, in the same notation.

    Raises:
        FileNotFoundError: the file or list does not exist.
        CheckpointError: the file has no such head, or one with another number of classes.
        ValueError: a set of classes is unknown, or the head lacks some of the new classes.

    Example:
        >>> from mmuniformer.apis.conversion import slice_head
        >>> done = slice_head('uniformerv2_b16_8_k710.pth', 'k710', 'k600')
        >>> done.save('uniformerv2_b16_8_k710_to_k600.pth')
        >>> print(done)
        217 tensors kept
        600 of the 710 rows of the head taken, by name
    """
    state = _tensors(source)
    official = is_official_v2(state)
    if official and not any(key.startswith('backbone.') for key in state):
        state = {f'backbone.{key}': value for key, value in state.items()}
    head = _OFFICIAL_HEAD if official else _HEAD
    names, wanted = _find_names(old), _find_names(new)
    for key in (f'{head}weight', f'{head}bias'):
        if key not in state:
            raise CheckpointError(
                f'the file has neither {_HEAD}* (mmaction2) nor {_OFFICIAL_HEAD}* (the authors); '
                'it is no classifier of UniFormerV2, or the head has been taken off'
            )
        check_classes(key, state[key], len(names), old)
    rows = _rows_by_name(_official_order(old) if official else names, wanted, old, new)
    sliced = {}
    for key, value in state.items():
        if key.startswith(head):
            sliced[_HEAD + key[len(head) :]] = value[rows]
        else:
            sliced[rename_final_norm(key, _MMACTION_NORM)] = value
    return HeadConversion(
        _checkpoint(sliced, wanted),
        f'{len(sliced) - 2} tensors kept\n'
        f'{len(rows)} of the {len(names)} rows of the head taken, by name',
    )


def _find_names(classes: str) -> tuple[str, ...]:
    """Return the classes of a data set (``k710``, ``kinetics710``) or of a .txt list."""
    dataset = _SHORT.get(classes, classes)
    if dataset in DATASETS:
        return class_names(dataset)
    if not classes.endswith('.txt'):
        raise ValueError(
            f'{classes!r} is none of {", ".join((*_SHORT, *DATASETS))}, nor a .txt list of names'
        )
    return read_class_names(classes)


def _official_order(classes: str) -> tuple[str, ...]:
    """Return the class names of the rows of an official head, as far as they are known."""
    dataset = _SHORT.get(classes, classes)
    if dataset == 'kinetics710':  # the first 400 rows are those of their Kinetics-400
        return class_names('kinetics400', 'official')
    if dataset in PERMUTED:
        return class_names(dataset, 'official')
    return () if dataset in DATASETS else read_class_names(dataset)


def _rows_by_name(names: Sequence[str], wanted: Sequence[str], old: str, new: str) -> list[int]:
    known = _find_names(old)
    rows_by_name(wanted, known)
    try:
        return rows_by_name(wanted, names)
    except ValueError as error:
        raise ValueError(
            f"the authors' order of {old} is known for {len(names)} of {len(known)} rows, which "
            f'is not enough for {new}; give the names of all rows in order, as a list with --from'
        ) from error
