"""The released files of the family: look them up, identify them, fetch them.

    python tools/zoo.py list --task pose
    python tools/zoo.py show uniformer_small_in1k
    python tools/zoo.py fetch uniformer_small_in1k
    python tools/zoo.py check checkpoints/*.pth

fetch writes a file under the name that the configs expect, checkpoints/NAME.pth, if its contents
are those of the release. Most files have no direct link: download such a file with a browser and
give it with --from-file. check exits with 1 unless it identifies every file as a release.
"""

from __future__ import annotations

import argparse
import filecmp
import json
import shutil
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from _download import DownloadError, download
from _zoo_contents import Contents, look_into, objection
from rich.console import Console
from rich.table import Table

from mmuniformer.weights import CheckpointError, Published, find, identify, published_files
from mmuniformer.weights.read import read_checkpoint
from mmuniformer.weights.unwrap import unwrap
from mmuniformer.weights.zoo import find_by_name

TASKS = ('image', 'video', 'det', 'seg', 'pose')
WIDE = 200  # columns of a table outside a terminal


class ZooError(RuntimeError):
    """Why a command failed, as a message for the user."""


def hash_of(row: Published) -> str | None:
    return f'SHA-256 {row.sha256}' if row.sha256 else row.md5 and f'MD5 {row.md5}'


def where_else(row: Published) -> str:
    pages = '\n'.join(f'  {page}' for page in row.pages)
    return (
        f'Pages of the authors that link to it:\n{pages}\n'
        'Download it there by other means, then:\n'
        f'  python tools/zoo.py fetch {row.name} --from-file FILE'
    )


def wanted(row: Published, task: str | None, arch: str | None, text: str | None) -> bool:
    values = ' '.join(str(value) for value in asdict(row).values() if value).lower()
    return (
        task in (None, row.task)
        and arch in (None, row.arch)
        and all(word in values for word in (text or '').lower().split())
    )


def list_files(args: argparse.Namespace) -> None:
    rows = [row for row in published_files() if wanted(row, args.task, args.arch, args.text)]
    if args.json:
        print(json.dumps([asdict(row) for row in rows], indent=2))
        return
    table = Table('name', 'task', 'arch', 'data', 'metric', 'config', 'link', 'hash')
    for row in rows:
        metric = f'{row.metric} {row.value:g}' if row.value is not None else ''
        link, known = ('yes' if value else '' for value in (row.url, hash_of(row)))
        table.add_row(
            row.name, row.task, row.arch, row.data, metric, row.config or '', link, known
        )  # fmt: skip
    console = Console(width=None if sys.stdout.isatty() else WIDE)
    console.print(table)
    console.print(f'{len(rows)} of {len(list(published_files()))} files')


def show(args: argparse.Namespace) -> None:
    row = find_or_stop(args.name)
    for key, value in asdict(row).items():
        if value is not None:
            print(f'{key:<10} {value}')
    print(f'{"fetch":<10} python tools/zoo.py fetch {row.name}' if row.url else where_else(row))


def find_or_stop(name: str) -> Published:
    try:
        return find(name)
    except ValueError as error:
        raise ZooError(f'{error}; python tools/zoo.py list shows all') from error


def check_files(args: argparse.Namespace) -> None:
    known = [check_file(path) for path in args.files]
    if not all(known):
        raise SystemExit(1)


def check_file(path: Path) -> bool:
    """Print what the file is; ``True`` if its hash says so."""
    if not path.is_file():
        print(f'{path}: there is no such file')
        return False
    row = identify(path)
    if row is not None:
        print(f'{path}: is the released {row.name} ({hash_of(row)}), {row.backbone} {row.arch!r}')
        return True
    try:
        contents = look_into(path)
    except CheckpointError as error:
        print(f'{path}: is none of the released files whose hash is known. {error}')
        return False
    source = contents.made_from and find_by_name(contents.made_from)
    named = source or find_by_name(path)
    print(f'{path}: {contents}. {relation(contents, named, bool(source))}')
    return False


def relation(contents: Contents, named: Published | None, is_copy: bool) -> str:
    """How a file of unknown hash relates to the release of the same name."""
    if named is None:
        return 'Nothing is known about this file: no released one has its hash or its name'
    if reason := objection(contents, named):
        return f'It is called like a released file and is NOT that one: {reason}'
    if is_copy:
        return f'It says that it is a copy of the released {named.name}'
    if digest := hash_of(named):
        return f'It is called like a released file and is NOT that one, whose {digest} differs'
    return f'It may be the released {named.name}, of which no hash is known'


def fetch(args: argparse.Namespace) -> None:
    row = find_or_stop(args.name)
    target = args.out / row.file_name
    if not target.exists():
        args.out.mkdir(parents=True, exist_ok=True)
        bring(row, target, args.from_file)
        print(f'{target}: {verdict(row)}')
    elif args.from_file and not same_bytes(args.from_file, target):
        raise ZooError(f'{target} is there already and is another file than {args.from_file}')
    else:
        refuse_if_wrong(target, row, f'{target} is there already; move it away to fetch {row.name}')
        print(f'{target}: is there already, {verdict(row)}')
    if args.safetensors:
        write_safetensors(target, row)


def same_bytes(source: Path, target: Path) -> bool:
    if not source.is_file():
        raise ZooError(f'--from-file {source} does not exist or is no file')
    return filecmp.cmp(source, target, shallow=False)


def verdict(row: Published) -> str:
    known = hash_of(row)
    return f'{known} as released' if known else 'a file of its kind; no hash of it is known'


def bring(row: Published, target: Path, source: Path | None) -> None:
    """Put the file at ``target`` if it is ``row``; before, it is beside it as ``.part``."""
    part = target.with_name(f'{target.name}.part')
    if source is not None:
        if not source.is_file():
            raise ZooError(f'--from-file {source} does not exist or is no file')
        refuse_if_wrong(source, row, f'{source} is not taken')
        shutil.copyfile(source, part)
    elif row.url is None:
        raise ZooError(f'nobody publishes a direct link to {row.name}.\n{where_else(row)}')
    else:
        try:
            download(row.url, part)
        except DownloadError as error:
            raise ZooError(f'{error}\n{where_else(row)}') from error
        try:
            refuse_if_wrong(part, row, f'{row.url} has changed or was damaged on the way')
        except ZooError:
            part.unlink()
            raise
    part.rename(target)


def refuse_if_wrong(path: Path, row: Published, consequence: str) -> None:
    """Compare a file's hash with that of ``row``, or its contents if no hash is known."""
    found = identify(path)
    if hash_of(row) and found != row:
        other = f', but the released {found.name}' if found else ''
        reason = f'not of {hash_of(row)}{other}'
    else:
        try:
            reason = objection(look_into(path), row)
        except CheckpointError as error:
            reason = str(error)
    if reason:
        raise ZooError(f'{path} is not {row.name}: {reason}. {consequence}\n{where_else(row)}')


def write_safetensors(path: Path, row: Published) -> None:
    out = path.with_suffix('.safetensors')
    if out.exists():
        raise ZooError(f'{out} is there already; move it away first')
    try:
        from safetensors.torch import save_file
    except ImportError as error:
        raise ZooError('--safetensors needs the package: pip install safetensors') from error
    tensors = {
        key: value.clone().contiguous() for key, value in unwrap(read_checkpoint(path)).items()
    }
    meta = {'made_from': row.name, 'cfg': f"arch='{row.arch}'"}
    save_file(tensors, out, metadata={'format': 'pt', 'meta': json.dumps(meta)})
    print(
        f'{out}: {len(tensors)} tensors. For init_cfg=dict(type="Pretrained", checkpoint=...) of '
        'the backbones here; load_from, --checkpoint and --resume are mmengine\'s and take the '
        f'{path.suffix} only'
    )  # fmt: skip


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(required=True, metavar='COMMAND')
    one = commands.add_parser('list', help='released files in a table')
    one.add_argument('text', nargs='?', help='words that have to be in the row: "k400 16x4"')
    one.add_argument('--task', choices=TASKS)
    one.add_argument('--arch', choices=sorted({row.arch for row in published_files()}))
    one.add_argument('--json', action='store_true', help='all that is known, as JSON')
    one.set_defaults(run=list_files)
    one = commands.add_parser('show', help='all that is known of one file')
    one.add_argument('name')
    one.set_defaults(run=show)
    one = commands.add_parser('check', help='which released file is this?')
    one.add_argument('files', nargs='+', type=Path, metavar='FILE')
    one.set_defaults(run=check_files)
    one = commands.add_parser('fetch', help='download a file, or take in one that you have')
    one.add_argument('name')
    one.add_argument('--out', type=Path, default=Path('checkpoints'), help='folder (checkpoints)')
    one.add_argument('--from-file', type=Path, metavar='FILE', help='what you fetched yourself')
    one.add_argument('--safetensors', action='store_true', help='write a safetensors copy beside')
    one.set_defaults(run=fetch)
    args = parser.parse_args(argv)
    if args.run is fetch and args.out.exists() and not args.out.is_dir():
        parser.error(f'--out {args.out} is a file; name a folder')
    return args


def main(argv: Sequence[str] | None = None) -> None:
    args = parse_args(argv)
    try:
        args.run(args)
    except ZooError as error:
        raise SystemExit(f'error: {error}') from error


if __name__ == '__main__':
    main()
