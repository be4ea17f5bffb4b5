"""Draw small labelled data sets in the real on-disk formats, for the mini configs and the tests.

    python tools/make_mini_data.py coco                   # data/mini/coco, a few seconds
    python tools/make_mini_data.py coco --train 32 --val 8 --out tiny
    python tools/make_mini_data.py ade20k                 # data/mini/ade20k
    python tools/make_mini_data.py coco_keypoints         # data/mini/coco_keypoints
    python tools/make_mini_data.py imagenet               # data/mini/imagenet
    python tools/make_mini_data.py imagenet_things        # data/mini/imagenet_things
    python tools/make_mini_data.py kinetics               # data/mini/kinetics

The same arguments give the same bytes. A set that is already there is kept; a folder that holds
something else is never touched.
"""

import argparse
import hashlib
import json
import shutil
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import ModuleType

from rich.progress import track

MARKER = 'mini_data.json'


@dataclass(frozen=True)
class Kind:
    """A sort of data set; the module ``mini_data.<kind>`` has ``make`` and ``check`` for it.

    A set is what lies in ``folders``: ``files_per_picture`` for every picture and ``more_files``.
    ``version`` goes up whenever the pictures change, so that sets drawn by older code are drawn
    anew. ``needs`` is a package that may be missing.
    """

    help: str
    description: str
    out: str
    train: int
    val: int
    size: int
    folders: tuple[str, ...]
    files_per_picture: int = 1
    more_files: int = 0
    size_help: str = 'longer side in pixels'
    needs: str | None = None
    version: int = 1


KINDS = {
    'coco': Kind(
        help='COCO instances: shapes of 6 classes with boxes and masks',
        description='Draw scenes of overlapping, textured shapes (circle, square, triangle, star, '
        'ring, cross) and write them as COCO 2017 instances.',
        out='data/mini/coco',
        train=600,
        val=60,
        size=160,
        folders=('annotations', 'train2017', 'val2017'),
        more_files=2,
        needs='pycocotools',
    ),
    'coco_keypoints': Kind(
        help='COCO keypoints: stick figures with 17 joints, boxes of a detector, masks',
        description='Draw stick figures in many poses and write them as COCO 2017 person '
        'keypoints, with boxes as a detector would find them, and masks with 1 where people are.',
        out='data/mini/coco_keypoints',
        train=500,
        val=50,
        size=192,
        folders=('annotations', 'train2017', 'val2017', 'masks', 'person_detection_results'),
        files_per_picture=2,
        more_files=5,
        needs='pycocotools',
    ),
    'ade20k': Kind(
        help='ADE20K masks: landscapes with shapes, 6 classes',
        description='Draw sky over grass or water with textured shapes (circle, triangle, '
        'cross) in front and write pictures and semantic masks as in ADEChallengeData2016.',
        out='data/mini/ade20k',
        train=800,
        val=60,
        size=96,
        folders=('annotations', 'images'),
        files_per_picture=2,
    ),
    'imagenet': Kind(
        help='ImageNet folders: one shape of 6 classes a picture',
        description='Draw one textured shape (circle, square, triangle, star, ring, cross) a '
        'picture among clutter, and write a folder per class as ImageNet has it. Colours and '
        'textures say nothing about the class.',
        out='data/mini/imagenet',
        train=2400,
        val=300,
        size=96,
        folders=('train', 'val'),
        size_help='side in pixels',
        version=2,
    ),
    'imagenet_things': Kind(
        help='ImageNet folders: one thing of 5 other classes a picture, fewer pictures',
        description='Draw one textured thing (frame, house, moon, snowman, tree) a picture among '
        'clutter, and write a folder per class as ImageNet has it: fewer pictures of other '
        'classes, to fine-tune to.',
        out='data/mini/imagenet_things',
        train=800,
        val=200,
        size=96,
        folders=('train', 'val'),
        size_help='side in pixels',
    ),
    'kinetics': Kind(
        help='Kinetics clips: which way shapes drift, 4 classes',
        description='Draw clips of shapes that drift down, left, right or up, and write them as '
        'videos and as frames, with the lists of Kinetics. A single frame says nothing about the '
        'class.',
        out='data/mini/kinetics',
        train=480,
        val=60,
        size=64,
        folders=('annotations', 'videos_train', 'videos_val', 'rawframes_train', 'rawframes_val'),
        files_per_picture=25,
        more_files=5,
        size_help='side in pixels',
    ),
}


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
    for name, kind in KINDS.items():
        options = kinds.add_parser(
            name,
            help=kind.help,
            description=kind.description,
            formatter_class=argparse.ArgumentDefaultsHelpFormatter,
        )
        options.add_argument('--out', type=Path, default=Path(kind.out), help='folder to write')
        options.add_argument('--train', type=positive, default=kind.train, help='training pictures')
        options.add_argument('--val', type=positive, default=kind.val, help='validation pictures')
        options.add_argument('--size', type=side, default=kind.size, help=kind.size_help)
        options.add_argument('--seed', type=seed, default=0, help='another seed, other pictures')
    return parser, vars(parser.parse_args(argv))


def load_maker(parser: argparse.ArgumentParser, kind: str) -> ModuleType:
    try:
        return import_module(f'mini_data.{kind}')
    except ModuleNotFoundError as error:
        needed = KINDS[kind].needs
        if needed is None or error.name != needed:
            raise
        parser.error(f'the set {kind} needs {needed}: pip install {needed}')


def make(parser: argparse.ArgumentParser, kind: str, out: Path, **options: int) -> None:
    maker = load_maker(parser, kind)
    recipe = {'version': KINDS[kind].version, 'kind': kind, **options}
    if is_complete(out, recipe):
        print(f'{out} holds this set already; kept')
    else:
        clear(parser, out)
        draw(maker, out, recipe, options)
    print(f'{out}: {maker.check(out)}')


def draw(maker: ModuleType, out: Path, recipe: dict, options: dict[str, int]) -> None:
    out.mkdir(parents=True, exist_ok=True)
    # The marker comes first, so that an interrupted run leaves a folder known to be ours.
    write_marker(out, {'recipe': recipe, 'files': None})
    start = time.perf_counter()
    kind = KINDS[recipe['kind']]
    total = kind.files_per_picture * (options['train'] + options['val']) + kind.more_files
    written = track(
        maker.make(out, **options),
        f'Drawing {recipe["kind"]}',
        total=total,
        disable=not sys.stderr.isatty(),
    )
    files = {path.relative_to(out).as_posix(): digest(path) for path in written}
    write_marker(out, {'recipe': recipe, 'files': files})
    print(f'drew {len(files)} files in {time.perf_counter() - start:.1f} s')


def clear(parser: argparse.ArgumentParser, out: Path) -> None:
    """Empty a folder of ours that holds another or half a set; refuse any other folder."""
    if out.exists() and not out.is_dir():
        parser.error(f'--out {out} is a file; name a folder')
    if not out.is_dir() or not any(out.iterdir()):
        return
    marker = read_marker(out)
    kind = KINDS.get(marker['recipe'].get('kind')) if marker else None
    if kind is None:
        parser.error(
            f'--out {out} holds files that this tool did not write; name an empty or a new folder'
        )
    for name in kind.folders:
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
    recipe = marker.get('recipe') if isinstance(marker, dict) else None
    return marker if isinstance(recipe, dict) else None


def write_marker(out: Path, content: dict) -> None:
    (out / MARKER).write_text(json.dumps(content, indent=1) + '\n')


def main(argv: Sequence[str] | None = None) -> None:
    parser, options = parse_args(argv)
    make(parser, **options)


if __name__ == '__main__':
    main()
