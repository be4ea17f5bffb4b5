"""Drawn scenes in the format of COCO 2017 instances: images, masks and annotation files."""

from collections.abc import Iterator
from pathlib import Path

from numpy.random import RandomState

from . import coco_format, scenes, shapes
from .scenes import Scene

CLASSES = tuple(shapes.SHAPES)
CATEGORIES = [
    {'id': number, 'name': name, 'supercategory': 'shape'} for number, name in enumerate(CLASSES, 1)
]
RADII = (0.13, 0.26)  # of the longer side
MAX_OBJECTS = 5


def draw_scene(rng: RandomState, side: int) -> Scene:
    """Draw up to :data:`MAX_OBJECTS` overlapping shapes; later ones hide earlier ones."""
    scene = Scene(shapes.background(rng, scenes.image_size(rng, side)))
    scenes.add_shapes(rng, scene, rng.randint(2, MAX_OBJECTS + 1), CLASSES, RADII)
    scene.image = scenes.with_grain(rng, scene.image)
    return scene


def make(out: Path, seed: int, train: int, val: int, size: int) -> Iterator[Path]:
    """Write the data set and yield each written path, so that callers can show progress."""
    for number, (name, count) in enumerate((('train', train), ('val', val))):
        split = coco_format.Split(out, name, first_id=1 + number * train)
        for rng in scenes.generators(seed, number, count):
            scene = draw_scene(rng, size)
            yield split.add(
                scene.image,
                (
                    coco_format.annotation(CLASSES.index(label) + 1, mask)
                    for label, mask in zip(scene.labels, scene.masks, strict=True)
                ),
            )
        yield split.write('instances', 'Drawn scenes', split.annotations, CATEGORIES)


def check(out: Path) -> str:
    """Check the written files and summarize them.

    Raises:
        ValueError: a file is missing, or a mask does not match its box or area.
    """
    found = []
    for split in coco_format.SPLITS:
        coco = coco_format.read_back(out, split, f'instances_{split}2017.json')
        found.append(f'{split} {len(coco.imgs)} images, {len(coco.anns)} objects')
    return '; '.join(found)
