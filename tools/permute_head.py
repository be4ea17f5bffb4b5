"""Turn a released video classifier into a checkpoint for the configs here, classes in their order.

    python tools/permute_head.py uniformer_small_k400_16x4.pth kinetics400 --out small_k400.pth
    mim test mmaction2 configs/video/uniformer_s_16x4_k400.py --checkpoint small_k400.pth

The authors' heads number the classes in an order of their own. The rows are put in the order of
mmaction2's annotation lists, every tensor of the file is accounted for, and the names of the
classes are written into the checkpoint.
"""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from mmuniformer.weights import CheckpointError, read_checkpoint
from mmuniformer.weights.class_names import PERMUTED, class_names, official_rows
from mmuniformer.weights.official_keys import strip_prefix, unwrap

# First words of the names in a released file. The classifier of the class token and its norm take
# part in training alone.
BACKBONE = ('patch_embed', 'blocks', 'norm', 'cls_token', 'cls_upsample')
HEAD, TRAINING_ONLY = 'head', ('head_cls', 'norm_cls')


@dataclass(frozen=True)
class Permuted:
    """A checkpoint for mmaction2, and what became of the tensors of the file."""

    checkpoint: dict
    backbone: int
    moved: int
    left_out: tuple[str, ...]

    def __str__(self) -> str:
        classes = self.checkpoint['meta']['dataset_meta']['classes']
        lines = [
            f'{self.backbone} tensors of the backbone kept',
            f'{len(classes)} rows of the head, {self.moved} of them moved',
        ]
        if self.left_out:
            lines.append(f'left out, of use in training alone: {", ".join(self.left_out)}')
        return '\n'.join(lines)


def permute(source: Mapping, dataset: str) -> Permuted:
    """Make a checkpoint of mmaction2's recognizers out of a released one.

    Raises:
        CheckpointError: it is one of mmaction2 already, has no head or one for other classes, or
            tensors of which nobody knows what they are.
        ValueError: it holds no tensors, or the official order of ``dataset`` is not known.
    """
    rows = official_rows(dataset)
    state = unwrap(source)
    if all(key.startswith('module.') for key in state):
        state, _ = strip_prefix(state, 'module.')
    if any(key.startswith(('backbone.', 'cls_head.')) for key in state):
        raise CheckpointError(
            'the file is one of mmaction2, with its classes in order already; use it as it is'
        )
    head = {leaf: _head(state, leaf, len(rows)) for leaf in ('weight', 'bias')}
    backbone, left_out, unknown = {}, [], []
    for key, value in state.items():
        first = key.split('.', 1)[0]
        if first == HEAD:
            continue
        if first in TRAINING_ONLY:
            left_out.append(key)
        elif first.rstrip('1234') in BACKBONE:
            backbone[f'backbone.{key}'] = value
        else:
            unknown.append(key)
    if unknown or not backbone:
        raise CheckpointError(
            f'the file is not a video UniFormer: {len(backbone)} tensors of a backbone, and '
            f'without a place {", ".join(unknown[:5]) or "none"}'
        )
    permuted = {f'cls_head.fc_cls.{leaf}': value[rows].clone() for leaf, value in head.items()}
    return Permuted(
        checkpoint={
            'meta': {'dataset_meta': {'classes': list(class_names(dataset))}},
            'state_dict': {**backbone, **permuted},
        },
        backbone=len(backbone),
        moved=sum(new != old for new, old in enumerate(rows)),
        left_out=tuple(left_out),
    )


def _head(state: Mapping[str, Tensor], leaf: str, classes: int) -> Tensor:
    key = f'{HEAD}.{leaf}'
    if key not in state:
        raise CheckpointError(f'the file has no {key}; its classifier has been taken off')
    if len(state[key]) != classes:
        raise CheckpointError(
            f'{key} has {len(state[key])} rows and the data set {classes} classes; '
            'name the data set that the file was trained on'
        )
    return state[key]


def parse_args(argv: Sequence[str] | None = None) -> tuple[argparse.ArgumentParser, dict]:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('checkpoint', help='released file, path or URL')
    parser.add_argument('dataset', choices=PERMUTED, help='what the file was trained on')
    parser.add_argument('--out', type=Path, required=True, help='file to write')
    return parser, vars(parser.parse_args(argv))


def main(argv: Sequence[str] | None = None) -> None:
    parser, options = parse_args(argv)
    out = options['out']
    if out.exists():
        parser.error(f'--out {out} is there already; name another file')
    try:
        permuted = permute(read_checkpoint(options['checkpoint']), options['dataset'])
    except (ValueError, FileNotFoundError) as error:
        parser.error(f'{options["checkpoint"]}: {error}')
    out.parent.mkdir(parents=True, exist_ok=True)
    torch.save(permuted.checkpoint, out)
    print(f'{permuted}\nwritten to {out}')


if __name__ == '__main__':
    main()
