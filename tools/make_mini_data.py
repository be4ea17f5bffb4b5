"""Draw small labelled data sets in the real on-disk formats, for the mini configs and the tests.

    python tools/make_mini_data.py coco                   # data/mini/coco, a few seconds
    python tools/make_mini_data.py coco --train 32 --val 8 --out tiny

The same arguments give the same bytes. A set that is already there is kept; a folder that holds
something else is never touched.
"""

import argparse
import hashlib
import json
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from rich.progress import track

MARKER = 'mini_data.json'
# Goes up whenever the pictures change, so that sets drawn by older code are drawn anew.
VERSION = 1

Maker = Callable[..., Iterator[Path]]


def positive(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f'{text!r} is not a whole number above 0')
    return int(text)


def side(text: str) -> int:
    if positive(text) < 64:
        raise argparse.ArgumentTypeError(f'{text} is below 64 pixels: too small to draw shapes in')
    return int(text)


def seed(text: str) -> int:
    if not text.isdigit() or int(text) >= 2**32:
        raise argparse.ArgumentTypeError(f'{text!r} is not a whole number from 0 to 2**32 - 1')
    return int(text)


def parse_args(argv: Sequence[str] | None = None) -> tuple[argparse.ArgumentParser, dict]:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    kinds = parser.add_subparsers(dest='kind', required=True, metavar='KIND')
    coco = kinds.add_parser(
        'coco',
        help='COCO instances: shapes of 6 classes with boxes and masks',
        description='Draw scenes of overlapping, textured shapes (circle, square, triangle, star, '
        'ring, cross) and write them as COCO 2017 instances.',
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    coco.add_argument('--out', type=Path, default=Path('data/mini/coco'), help='folder to write')
    coco.add_argument('--train', type=positive, default=600, help='training pictures')
    coco.add_argument('--val', type=positive, default=60, help='validation pictures')
    coco.add_argument('--size', type=side, default=160, help='longer side in pixels')
    coco.add_argument('--seed', type=seed, default=0, help='another seed, other pictures')
    return parser, vars(parser.parse_args(argv))


def make_coco(parser: argparse.ArgumentParser, out: Path, **recipe: int) -> None:
    try:
        from mini_data import coco
    except ModuleNotFoundError as error:
        if error.name != 'pycocotools':
            raise
        parser.error('the COCO set needs pycocotools: pip install pycocotools')
    make(parser, out, {'kind': 'coco', **recipe}, lambda: coco.make(out, **recipe), recipe)
    print(f'{out}: {coco.check(out)}')


def make(
    parser: argparse.ArgumentParser, out: Path, recipe: dict, maker: Maker, counts: dict
) -> None:
    recipe = {'version': VERSION, **recipe}
    if is_complete(out, recipe):
        print(f'{out} holds this set already; kept')
        return
    clear(parser, out)
    out.mkdir(parents=True, exist_ok=True)
    # The marker comes first, so that an interrupted run leaves a folder known to be ours.
    write_marker(out, {'recipe': recipe, 'files': None})
    start = time.perf_counter()
    total = counts['train'] + counts['val'] + 2
    label = f'Drawing {recipe["kind"]}'
    files = {
        path.relative_to(out).as_posix(): digest(path)
        for path in track(maker(), label, total=total, disable=not sys.stderr.isatty())
    }
    write_marker(out, {'recipe': recipe, 'files': files})
    print(f'drew {len(files)} files in {time.perf_counter() - start:.1f} s')


def clear(parser: argparse.ArgumentParser, out: Path) -> None:
    """Empty a folder of ours that holds another or half a set; refuse any other folder."""
    if out.exists() and not out.is_dir():
        parser.error(f'--out {out} is a file; name a folder')
    if not out.is_dir() or not any(out.iterdir()):
        return
    if read_marker(out) is None:
        parser.error(
            f'--out {out} holds files that this tool did not write; name an empty or a new folder'
        )
    for name in ('annotations', 'train2017', 'val2017'):
        shutil.rmtree(out / name, ignore_errors=True)


def is_complete(out: Path, recipe: dict) -> bool:
    marker = read_marker(out)
    if marker is None or marker.get('recipe') != recipe or not marker.get('files'):
        return False
    return all(
        (out / name).is_file() and digest(out / name) == expected
        for name, expected in marker['files'].items()
    )


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def read_marker(out: Path) -> dict | None:
    try:
        marker = json.loads((out / MARKER).read_text())
    except (OSError, ValueError):
        return None
    return marker if isinstance(marker, dict) and 'recipe' in marker else None


def write_marker(out: Path, content: dict) -> None:
    (out / MARKER).write_text(json.dumps(content, indent=1) + '\n')


MAKERS = {'coco': make_coco}


def main(argv: Sequence[str] | None = None) -> None:
    parser, options = parse_args(argv)
    MAKERS[options.pop('kind')](parser, **options)


if __name__ == '__main__':
    main()
