"""The mini data sets: a table of them, and drawing one into a folder."""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import ModuleType

from rich.progress import track

MARKER = 'mini_data.json'
MIN_SIDE = 64  # pixels; shapes are not distinguishable in smaller images


@dataclass(frozen=True)
class MiniSet:
    """A data set; the module with its name in this package has its ``make`` and ``check``.

    ``folders`` hold ``files_per_image`` files per image and ``more_files`` others. ``version`` is
    increased whenever the images change, so that sets drawn by older code are drawn again.
    ``needs`` is an optional package that the set requires.
    """

    help: str
    description: str
    out: str
    train: int
    val: int
    size: int
    folders: tuple[str, ...]
    files_per_image: int = 1
    more_files: int = 0
    size_help: str = 'longer side in pixels'
    needs: str | None = None
    version: int = 1


@dataclass(frozen=True)
class MadeSet:
    """A data set in a folder: the number of files drawn, 0 if it existed, and a summary."""

    folder: Path
    drawn: int
    contents: str


MINI_SETS = {
    'coco': MiniSet(
        help='COCO instances: shapes of 6 classes with boxes and masks',
        description='Draw scenes of overlapping, textured shapes (circle, square, triangle, star, '
        'ring, cross) and write them as COCO 2017 instances.',
        out='data/mini/coco',
        train=600, val=60, size=160,
        folders=('annotations', 'train2017', 'val2017'),
        more_files=2, needs='pycocotools',
    ),
    'coco_keypoints': MiniSet(
        help='COCO keypoints: stick figures with 17 joints, boxes of a detector, masks',
        description='Draw stick figures in many poses and write them as COCO 2017 person '
        'keypoints, with boxes as a detector would find them, and masks with 1 where people are.',
        out='data/mini/coco_keypoints',
        train=500, val=50, size=192,
        folders=('annotations', 'train2017', 'val2017', 'masks', 'person_detection_results'),
        files_per_image=2, more_files=5,
        needs='pycocotools',
    ),
    'ade20k': MiniSet(
        help='ADE20K masks: landscapes with shapes, 6 classes',
        description='Draw sky over grass or water with textured shapes (circle, triangle, '
        'cross) in front and write images and semantic masks as in ADEChallengeData2016.',
        out='data/mini/ade20k',
        train=800, val=60, size=96,
        folders=('annotations', 'images'),
        files_per_image=2,
    ),
    'imagenet': MiniSet(
        help='ImageNet folders: one shape of 6 classes per image',
        description='Draw one textured shape (circle, square, triangle, star, ring, cross) '
        'per image among clutter, and write a folder per class as ImageNet has it. Colors and '
        'textures say nothing about the class.',
        out='data/mini/imagenet',
        train=2400, val=300, size=96,
        folders=('train', 'val'),
        size_help='side in pixels', version=2,
    ),
    'imagenet_things': MiniSet(
        help='ImageNet folders: one thing of 5 other classes per image, fewer images',
        description='Draw one textured thing (frame, house, moon, snowman, tree) per image among '
        'clutter, and write a folder per class as ImageNet has it: fewer images of other '
        'classes, to fine-tune to.',
        out='data/mini/imagenet_things',
        train=800, val=200, size=96,
        folders=('train', 'val'),
        size_help='side in pixels',
    ),
    'kinetics': MiniSet(
        help='Kinetics clips: which way shapes drift, 4 classes',
        description='Draw clips of shapes that drift down, left, right or up, and write them as '
        'videos and as frames, with the lists of Kinetics. A single frame says nothing about the '
        'class.',
        out='data/mini/kinetics',
        train=480, val=60, size=64,
        folders=('annotations', 'videos_train', 'videos_val', 'rawframes_train', 'rawframes_val'),
        files_per_image=25, more_files=5,
        size_help='side in pixels',
    ),
}  # fmt: skip


def make_mini_set(
    name: str,
    out: str | Path | None = None,
    *,
    train: int | None = None,
    val: int | None = None,
    size: int | None = None,
    seed: int = 0,
) -> MadeSet:
    """Draw a data set, unless a complete one with the same arguments exists.

    The same arguments give byte-identical files.

    Args:
        name: key of :data:`MINI_SETS`.
        out: output folder. Default: the one that the mini configs read.
        train, val: number of images or videos. Default: see :data:`MINI_SETS`.
        size: (longer) side in pixels.
        seed: seed of the random generators.

    Raises:
        ValueError: an argument is out of range, or ``out`` holds other files.
        ImportError: a package that this set needs is not installed.
    """
    if name not in MINI_SETS:
        raise ValueError(f'there is no set {name!r}; the sets are {", ".join(MINI_SETS)}')
    about = MINI_SETS[name]
    out = Path(about.out if out is None else out)
    options = {
        'train': about.train if train is None else train,
        'val': about.val if val is None else val,
        'size': about.size if size is None else size,
        'seed': seed,
    }
    check_options(**options)
    maker = load_maker(name)
    recipe = {'version': about.version, 'kind': name, **options}
    drawn = 0
    if not is_complete(out, recipe):
        clear(out)
        drawn = draw(maker, out, recipe, options)
    return MadeSet(out, drawn, maker.check(out))


def check_options(train: int, val: int, size: int, seed: int) -> None:
    for name, value in (('train', train), ('val', val)):
        if value < 1:
            raise ValueError(f'{name} is {value}; it must be at least 1')
    if size < MIN_SIDE:
        raise ValueError(f'size is {size}; it must be at least {MIN_SIDE} pixels')
    if not 0 <= seed < 2**32:
        raise ValueError(f'seed is {seed}; it must be from 0 to 2**32 - 1')


def load_maker(name: str) -> ModuleType:
    try:
        return import_module(f'.{name}', __package__)
    except ModuleNotFoundError as error:
        needed = MINI_SETS[name].needs
        if needed is None or error.name != needed:
            raise
        raise ImportError(f'the set {name} needs {needed}: pip install {needed}') from error


def draw(maker: ModuleType, out: Path, recipe: dict, options: dict[str, int]) -> int:
    out.mkdir(parents=True, exist_ok=True)
    # The marker is written first, so that the folder of an interrupted run can be cleared.
    write_marker(out, {'recipe': recipe, 'files': None})
    written = show_progress(maker.make(out, **options), recipe)
    files = {path.relative_to(out).as_posix(): digest(path) for path in written}
    write_marker(out, {'recipe': recipe, 'files': files})
    return len(files)


def show_progress(written: Iterator[Path], recipe: dict) -> Iterable[Path]:
    about = MINI_SETS[recipe['kind']]
    total = about.files_per_image * (recipe['train'] + recipe['val']) + about.more_files
    hidden = not sys.stderr.isatty()
    return track(written, f'Drawing {recipe["kind"]}', total=total, disable=hidden)


def clear(out: Path) -> None:
    """Remove another or an incomplete set from a folder; refuse to touch other files."""
    if out.exists() and not out.is_dir():
        raise ValueError(f'{out} is a file; name a folder')
    if not out.is_dir() or not any(out.iterdir()):
        return
    marker = read_marker(out)
    about = MINI_SETS.get(marker['recipe'].get('kind')) if marker else None
    if about is None:
        raise ValueError(
            f'{out} holds files that this command did not write; name an empty or a new folder'
        )
    for name in about.folders:
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
