"""Turn a whole published file, heads included, into a checkpoint for the model of a config here.

    python tools/convert_official.py uniformer_small_in1k.pth small.pth \\
        --config configs/cls/uniformer_s_in1k.py
    mim test mmpretrain configs/cls/uniformer_s_in1k.py --checkpoint small.pth

Classifiers of images (plain, with token labels, light) and of clips, and the authors' detectors,
segmentors and pose estimators. Every tensor is accounted for, and the model loads all of the result
or there is none: a file of another model is refused. A backbone to start a training from needs no
conversion, init_cfg takes published files as they are.

Released video classifiers number the classes in an order of their own; --dataset puts them in that
of mmaction2's annotation lists, which the configs here read.

OUT ending in .safetensors is written in that format: tensors, and the config as text.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from _conversion import Conversion, convert
from mmengine.config import Config
from mmengine.registry import MODELS, init_default_scope
from torch import nn

import mmuniformer
from mmuniformer.apis.configs import find_dataset_meta
from mmuniformer.weights import read_checkpoint
from mmuniformer.weights.class_names import PERMUTED, class_names
from mmuniformer.weights.load import local


def parse_args(argv: Sequence[str] | None = None) -> tuple[argparse.ArgumentParser, Any]:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('source', metavar='IN', help='published file, path or URL')
    parser.add_argument('out', metavar='OUT', type=Path, help='file to write')
    parser.add_argument('--config', required=True, type=Path, help='of the model the file holds')
    parser.add_argument(
        '--dataset',
        choices=PERMUTED,
        help='what a released video classifier was trained on, for the order of its classes',
    )
    parser.add_argument('--verbose', action='store_true', help='print a line for every tensor')
    parser.add_argument('--force', action='store_true', help='write over OUT if it is there')
    return parser, parser.parse_args(argv)


def build(config: Config) -> nn.Module:
    """Build the model of a config on the CPU, without the weights it would start from."""
    init_default_scope(config.get('default_scope', 'mmengine'))
    model = dict(config.model)
    model['backbone'] = {**model['backbone'], 'init_cfg': None}
    return MODELS.build(model).eval()


def save_safetensors(done: Conversion, meta: dict[str, Any], out: Path) -> None:
    try:
        from safetensors.torch import save_file
    except ImportError as error:
        raise SystemExit(
            f'error: writing {out} needs the package safetensors: pip install safetensors; '
            'or name a file that ends in .pth'
        ) from error
    tensors = {key: value.contiguous() for key, value in done.state.items()}
    save_file(tensors, out, metadata={'format': 'pt', 'meta': json.dumps(meta)})


def main(argv: Sequence[str] | None = None) -> None:
    parser, args = parse_args(argv)
    if args.out.exists() and not args.force:
        parser.error(f'{args.out} is there already; name another file, or give --force')
    if not args.config.is_file():
        parser.error(f'there is no config {args.config}')
    config = Config.fromfile(args.config)
    try:
        source = local(args.source)
        checkpoint = read_checkpoint(source)
        done = convert(checkpoint, build(config), source, args.dataset)
    except (ValueError, FileNotFoundError) as error:
        raise SystemExit(f'error: {error}') from error
    # Names of the classes of --dataset come in mmaction2's order.
    own = {'classes': list(class_names(args.dataset))} if args.dataset else None
    meta = {
        'cfg': config.pretty_text,
        'dataset_meta': own or find_dataset_meta(config),
        'converted_from': source.name,
        'mmuniformer_version': mmuniformer.__version__,
    }
    args.out.parent.mkdir(parents=True, exist_ok=True)
    if args.out.suffix == '.safetensors':
        save_safetensors(done, meta, args.out)
    else:
        torch.save({'meta': meta, 'state_dict': done.state}, args.out)
    if args.verbose:
        print(done.every_tensor())
    print(f'{source.name}: {len(done.names) + len(done.left_out)} tensors\n{done}')
    print(f'written to {args.out}')


if __name__ == '__main__':
    main()
