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
    counts = {'train': train, 'val': val}
    image_id = 0
    for number, split in enumerate(coco_format.SPLITS):
        folder = out / f'{split}2017'
        folder.mkdir(parents=True, exist_ok=True)
        images, annotations = [], []
        for index in range(counts[split]):
            # One generator per image: a larger set starts with the images of a smaller one.
            scene = draw_scene(RandomState([seed, number, index]), size)
            image_id += 1
            path = folder / f'{image_id:012d}.jpg'
            scenes.write_image(path, scene.image)
            images.append(coco_format.image_entry(image_id, path, scene.image))
            annotations += _annotations(scene, image_id)
            yield path
        yield coco_format.write_json(
            out / 'annotations' / f'instances_{split}2017.json',
            'Drawn scenes', images, annotations, CATEGORIES,
        )  # fmt: skip


def _annotations(scene: Scene, image_id: int) -> Iterator[dict]:
    for index, (label, mask) in enumerate(zip(scene.labels, scene.masks, strict=True)):
        yield {
            'id': image_id * 100 + index,
            'image_id': image_id,
            'category_id': CLASSES.index(label) + 1,
            'bbox': coco_format.box(mask),
            'area': int(mask.sum()),
            'iscrowd': 0,
            'segmentation': coco_format.segmentation(mask),
        }


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
