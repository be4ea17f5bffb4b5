"""List, identify and download the released weights.

fetch writes checkpoints/NAME.pth, the name that the configs expect, if its contents are those of
the release. Most files have no direct link: download such a file with a browser and give it with
--from-file. check exits with 1 if one of the files is not known to be a release.

examples:
  mmuniformer zoo list --task pose
  mmuniformer zoo show uniformer_small_in1k
  mmuniformer zoo fetch uniformer_small_in1k
  mmuniformer zoo check checkpoints/*.pth
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import get_args

from rich.table import Table

from ..apis import zoo
from ..apis.tables import make_console
from .arguments import new_parser


def make_parser() -> argparse.ArgumentParser:
    parser = new_parser('zoo', __doc__)
    commands = parser.add_subparsers(required=True, metavar='COMMAND')
    one = commands.add_parser('list', help='table of the released files')
    one.add_argument('text', nargs='?', default='', help='words to search for: "k400 16x4"')
    one.add_argument('--task', choices=get_args(zoo.Task))
    one.add_argument('--arch', choices=sorted({row.arch for row in zoo.search()}))
    one.add_argument('--json', action='store_true', help='print everything that is known, as JSON')
    one.set_defaults(run=list_files)
    one = commands.add_parser('show', help='everything that is known about a file')
    one.add_argument('name')
    one.set_defaults(run=show)
    one = commands.add_parser('check', help='find out which released file this is')
    one.add_argument('files', nargs='+', type=Path, metavar='FILE')
    one.set_defaults(run=check)
    one = commands.add_parser('fetch', help='download a file, or copy one that you have')
    one.add_argument('name')
    one.add_argument('--out', type=Path, default=Path('checkpoints'), help='folder (checkpoints)')
    one.add_argument('--from-file', type=Path, metavar='FILE', help='a file that you downloaded')
    one.add_argument('--safetensors', action='store_true', help='also write a safetensors copy')
    one.set_defaults(run=fetch)
    return parser


def list_files(args: argparse.Namespace) -> None:
    rows = zoo.search(args.text, task=args.task, arch=args.arch)
    if args.json:
        print(json.dumps([asdict(row) for row in rows], indent=2))
        return
    table = Table('name', 'task', 'arch', 'data', 'metric', 'config', 'link', 'hash')
    for row in rows:
        metric = f'{row.metric} {row.value:g}' if row.value is not None else ''
        link, known = ('yes' if value else '' for value in (row.url, zoo.get_hash(row)))
        table.add_row(
            row.name, row.task, row.arch, row.data, metric, row.config or '', link, known
        )  # fmt: skip
    console = make_console(200)
    console.print(table)
    console.print(f'{len(rows)} of {len(zoo.search())} files')


def show(args: argparse.Namespace) -> None:
    row = zoo.find(args.name)
    for key, value in asdict(row).items():
        if value is not None:
            print(f'{key:<10} {value}')
    if row.url:
        print(f'{"fetch":<10} mmuniformer zoo fetch {row.name}')
    else:
        print(zoo.describe_sources(row))


def check(args: argparse.Namespace) -> int:
    status = 0
    for path in args.files:
        try:
            is_release, text = zoo.check_file(path)
        except FileNotFoundError:
            is_release, text = False, 'there is no such file'
        print(f'{path}: {text}')
        status = status if is_release else 1
    return status


def fetch(args: argparse.Namespace) -> None:
    row = zoo.find(args.name)
    was_there = (args.out / row.file_name).exists()
    path = zoo.fetch(args.name, args.out, from_file=args.from_file)
    known = zoo.get_hash(row)
    verdict = f'{known} as released' if known else 'contents as released; no hash is known'
    print(f'{path}: {"is there already, " if was_there else ""}{verdict}')
    if args.safetensors:
        copy = zoo.write_safetensors(path, args.name)
        print(
            f'{copy}: for init_cfg=dict(type="Pretrained", checkpoint=...) of the backbones here; '
            f'load_from, --checkpoint and --resume of mmengine read {path.name} only'
        )


def main(argv: Sequence[str] | None = None) -> int | None:
    args = make_parser().parse_args(argv)
    return args.run(args)
