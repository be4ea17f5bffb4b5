"""Convert published files, heads included, to checkpoints for the models of configs."""

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config
from torch import Tensor, nn

from ..version import __version__
from ..weights.class_names import class_names
from ..weights.load import load
from ..weights.read import read
from ..weights.rename import OFFICIAL_HEAD, final_norm_of, rename_key
from ..weights.report import COUNTER
from ..weights.rules import Rules
from ..weights.unwrap import unwrap
from .class_heads import (
    HeadConversion,
    check_classes,
    official_class_rows,
    permute_head,
    slice_head,
)
from .configs import find_dataset_meta, load_config
from .model import build_model

__all__ = ['Conversion', 'HeadConversion', 'convert', 'permute_head', 'slice_head']

_BACKBONE = 'backbone.'
_HEADS = ('head.', 'head_cls.', 'aux_head.')  # of published classifiers
# Prefixes in published models → in the current toolboxes.
_TODAY = {'keypoint_head.': 'head.', f'{_BACKBONE}{OFFICIAL_HEAD}': 'cls_head.fc_cls.', '': ''}
_OF_TOKEN = 'of the class token, which is not used for prediction'
# Tensors that a model may lack, and the reason.
_SUPERFLUOUS = {
    'head_cls.': _OF_TOKEN,
    'cls_head.fc_cls_token.': _OF_TOKEN,
    'backbone.norm_cls.': _OF_TOKEN,
    **{
        f'backbone.norm{i}.': f'norm of stage {i}, which is not an output here' for i in range(1, 5)
    },
}


@dataclass(frozen=True)
class Conversion:
    """A converted checkpoint, with a record of each tensor.

    Attributes:
        state: state dict of the model.
        meta: meta data of the checkpoint: config, class names and source.
        names: old name → new name of each converted tensor.
        left_out: old name → reason.
        added: BatchNorm counters that the file lacks; they start at 0.
        notes: remarks about the whole file.
    """

    state: dict[str, Tensor]
    meta: dict[str, Any]
    names: dict[str, str]
    left_out: dict[str, str]
    added: list[str]
    notes: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        kept = [old for old, new in self.names.items() if old == new]
        lines = [f'{len(kept)} tensors loaded under their own names'] if kept else []
        groups: dict[tuple[str, str], int] = {}
        for old, new in self.names.items():
            if old != new:
                common = _common_end(old, new)
                pair = (old.removesuffix(common) or '*', new.removesuffix(common))
                groups[pair] = groups.get(pair, 0) + 1
        lines += [
            f'{count} loaded, renamed: {old} → {new}{"*" if old == "*" else ""}'
            for (old, new), count in groups.items()
        ]
        lines += [f'left out: {old} ({why})' for old, why in self.left_out.items()]
        if self.added:
            lines.append(f'{len(self.added)} counters of BatchNorm start at 0, the file has none')
        return '\n'.join([*lines, *self.notes])

    def every_tensor(self) -> str:
        """Return a line per tensor of the file."""
        lines = [
            f'loaded   {old}' if old == new else f'renamed  {old} → {new}'
            for old, new in self.names.items()
        ]
        return '\n'.join([*lines, *(f'left out {old}' for old in self.left_out)])

    def save(self, path: str | Path) -> None:
        """Write a checkpoint, in the safetensors format if the suffix is ``.safetensors``.

        Raises:
            ImportError: the package safetensors is required but not installed.
        """
        path = Path(path)
        if path.suffix == '.safetensors':
            try:
                from safetensors.torch import save_file
            except ImportError as error:
                raise ImportError(
                    f'writing {path} needs the package safetensors: pip install safetensors; '
                    'or name a file that ends in .pth'
                ) from error
            metadata = {'format': 'pt', 'meta': json.dumps(self.meta)}
            path.parent.mkdir(parents=True, exist_ok=True)
            save_file({k: v.contiguous() for k, v in self.state.items()}, path, metadata=metadata)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            torch.save({'meta': self.meta, 'state_dict': self.state}, path)


def _common_end(old: str, new: str) -> str:
    """Return the trailing components that two names share."""
    words: list[str] = []
    for mine, other in zip(reversed(old.split('.')), reversed(new.split('.')), strict=False):
        if mine != other:
            break
        words.insert(0, mine)
    end = '.'.join(words)
    return end if end in (old, new) else f'.{end}'


def convert(
    source: str | Path, config: str | Path | Config, *, dataset: str | None = None
) -> Conversion:
    """Convert a published file, heads included, to a checkpoint for the model of a config.

    Args:
        source: path, URL or released name of a classifier, detector, segmentor or pose estimator.
        config: config file, name of a config of this package, or a loaded config, of the model in
            the file.
        dataset: data set that a released video classifier was trained on, to reorder its classes
            as in mmaction2's annotation lists.

    Raises:
        FileNotFoundError: the file or config does not exist.
        CheckpointError: a tensor of the file is unexpected, a tensor of the model is missing, or
            shapes differ.
        ValueError: the order of the classes of ``dataset`` is not known.

    Example:
        >>> from mmuniformer.apis.conversion import convert
        >>> done = convert('uniformer_small_in1k.pth', 'uniformer_s_in1k')
        >>> done.save('small.pth')
        >>> print(done)
        329 loaded, renamed: * → backbone.*
        2 loaded, renamed: head → head.fc
    """
    config = load_config(config)
    checkpoint, model = read(source), build_model(config)
    wanted, tensors = model.state_dict(), unwrap(checkpoint.content)
    rows = None if dataset is None else official_class_rows(tensors, dataset)
    table = _names(tensors, model)
    rules = Rules(
        names=table,
        required='',
        ignored='|'.join(map(re.escape, _SUPERFLUOUS)),
        net='the model of this config',
    )
    report = load(model, checkpoint, rules)
    state = {key: value.clone() for key, value in model.state_dict().items()}
    norm = final_norm_of(wanted)
    names = {old: new for old in tensors if (new := rename_key(old, table, norm)) is not None}
    return Conversion(
        state=state if rows is None else _reorder(state, rows),
        meta={
            'cfg': config.pretty_text,
            'dataset_meta': {'classes': list(class_names(dataset))}
            if dataset
            else find_dataset_meta(config),
            'converted_from': checkpoint.path.name,
            'mmuniformer_version': __version__,
        },
        names={old: new for old, new in names.items() if new in wanted},
        left_out={
            old: next(why for start, why in _SUPERFLUOUS.items() if new.startswith(start))
            for old, new in names.items()
            if new not in wanted
        },
        added=[k for k in wanted if k.endswith(COUNTER) and k not in names.values()],
        notes=_notes(names, dataset, report.warning),
    )


def _names(keys: Collection[str], model: nn.Module) -> dict[str, str]:
    """Map prefixes in a published file to prefixes in ``model``."""
    if any(key.startswith(_BACKBONE) for key in keys):
        return _TODAY
    published = getattr(getattr(model, 'head', None), 'published', {})
    heads = {f'{theirs}.': f'head.{ours}.' for theirs, ours in published.items()}
    if hasattr(model, 'cls_head'):
        heads |= {'head.': 'cls_head.fc_cls.', 'head_cls.': 'cls_head.fc_cls_token.'}
    return {**dict(zip(_HEADS, _HEADS, strict=True)), **heads, '': _BACKBONE}


def _reorder(state: dict[str, Tensor], rows: list[int]) -> dict[str, Tensor]:
    """Reorder the rows of a recognizer's heads as in mmaction2."""
    heads = [key for key in state if key.startswith('cls_head.fc_cls')]
    for key in heads:
        check_classes(key, state[key], len(rows))
    return {**state, **{key: state[key][rows] for key in heads}}


def _notes(names: Mapping[str, str], dataset: str | None, warning: str) -> list[str]:
    notes = []
    if dataset is not None:
        first = ', '.join(class_names(dataset)[:3])
        notes.append(f'classes in the order of mmaction2: {first}, …')
    elif any(new.startswith('cls_head.') and old != new for old, new in names.items()):
        notes.append('classes in the order of the file; --dataset puts them in that of mmaction2')
    return [*notes, f'WARNING: {warning}'] if warning else notes
