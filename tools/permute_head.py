"""Turn a released video classifier into a checkpoint for the configs here, classes in their order.

    python tools/permute_head.py uniformer_small_k400_16x4.pth kinetics400 --out small_k400.pth
    mim test mmaction2 configs/video/uniformer_s_16x4_k400.py --checkpoint small_k400.pth

The authors' heads number the classes in an order of their own. The rows are put in the order of
mmaction2's annotation lists, every tensor of the file is accounted for, and the names of the
classes are written into the checkpoint.

Of a UniFormerV2, --from and --to cut a head down to the classes of another set, by their names:

    python tools/permute_head.py k710_b16.pth --from k710 --to k600 --out k710_b16_k600.pth

The file may be one of the configs here, of mmaction2 or of the authors. Sets are k400, k600, k700
and k710, or .txt files with a class name per line. In the authors' files the order is known of
Kinetics-400, of Kinetics-600, and of the first 400 rows of Kinetics-710.
"""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from _k710_head import is_official_v2, slice_head
from torch import Tensor

from mmuniformer.weights import CheckpointError, read_checkpoint
from mmuniformer.weights.class_names import PERMUTED, class_names, official_rows
from mmuniformer.weights.official_keys import strip_prefix, unwrap

# First words of the names in a released file.
BACKBONE = ('patch_embed', 'blocks', 'norm', 'norm_cls', 'cls_token', 'cls_upsample')
# Theirs → ours. The second one, of the light nets' class token, has no part in predictions.
HEADS = {'head': 'fc_cls', 'head_cls': 'fc_cls_token'}


@dataclass(frozen=True)
class Permuted:
    """A checkpoint for mmaction2, and what became of the tensors of the file."""

    checkpoint: dict
    backbone: int
    heads: tuple[str, ...]
    moved: int

    def __str__(self) -> str:
        classes = self.checkpoint['meta']['dataset_meta']['classes']
        rows = f'{len(classes)} rows of {" and ".join(self.heads)}, {self.moved} of them moved'
        return f'{self.backbone} tensors of the backbone kept\n{rows}'


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
    if is_official_v2(state):
        raise CheckpointError(
            f'the file is a UniFormerV2 of the authors; give --from {dataset} --to {dataset}'
        )
    if any(key.startswith(('backbone.', 'cls_head.')) for key in state):
        raise CheckpointError(
            'the file is one of mmaction2, with its classes in order already; use it as it is'
        )
    found = [head for head in HEADS if head == 'head' or f'{head}.weight' in state]
    permuted = {
        f'cls_head.{HEADS[head]}.{leaf}': _head(state, f'{head}.{leaf}', len(rows))[rows].clone()
        for head in found
        for leaf in ('weight', 'bias')
    }
    backbone, unknown = {}, []
    for key, value in state.items():
        first = key.split('.', 1)[0]
        if first.rstrip('1234') in BACKBONE:
            backbone[f'backbone.{key}'] = value
        elif first not in HEADS:
            unknown.append(key)
    if unknown or not backbone:
        raise CheckpointError(
            f'the file is not a video UniFormer: {len(backbone)} tensors of a backbone, and '
            f'without a place {", ".join(unknown[:5]) or "none"}'
        )
    return Permuted(
        checkpoint={
            'meta': {'dataset_meta': {'classes': list(class_names(dataset))}},
            'state_dict': {**backbone, **permuted},
        },
        backbone=len(backbone),
        heads=tuple(found),
        moved=sum(new != old for new, old in enumerate(rows)),
    )


def _head(state: Mapping[str, Tensor], key: str, classes: int) -> Tensor:
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
    parser.add_argument('dataset', nargs='?', choices=PERMUTED, help='what the file was trained on')
    parser.add_argument(
        '--from', dest='old', metavar='CLASSES', help='of a UniFormerV2: what the head tells apart'
    )
    parser.add_argument('--to', dest='new', metavar='CLASSES', help='what it shall tell apart')
    parser.add_argument('--out', type=Path, required=True, help='file to write')
    return parser, vars(parser.parse_intermixed_args(argv))


def main(argv: Sequence[str] | None = None) -> None:
    parser, options = parse_args(argv)
    out = options['out']
    if out.exists():
        parser.error(f'--out {out} is there already; name another file')
    dataset, old, new = (options[name] for name in ('dataset', 'old', 'new'))
    if bool(dataset) == bool(old) or bool(old) != bool(new):
        parser.error('name the data set of the file, or for a UniFormerV2 both --from and --to')
    try:
        source = read_checkpoint(options['checkpoint'])
        permuted = permute(source, dataset) if dataset else slice_head(source, old, new)
    except (ValueError, FileNotFoundError) as error:
        parser.error(f'{options["checkpoint"]}: {error}')
    out.parent.mkdir(parents=True, exist_ok=True)
    torch.save(permuted.checkpoint, out)
    print(f'{permuted}\nwritten to {out}')


if __name__ == '__main__':
    main()
