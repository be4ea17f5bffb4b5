"""Label maps match their images for any size and any random parameters."""

import fuzzing  # noqa: F401
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip('mmpretrain')

from mmengine.dataset import Compose
from mmengine.registry import DefaultScope
from mmpretrain.registry import TRANSFORMS

import mmuniformer  # noqa: F401
from mmuniformer.token_labeling import WithLabelMap

SIDES = st.integers(1, 48)
CELLS = st.integers(1, 9)
SEEDS = st.integers(0, 2**32 - 1)
CROP = dict(type='RandomResizedCrop', interpolation='bilinear')
FLIP = dict(
    type='RandomFlip', prob=[0.3, 0.3, 0.3], direction=['horizontal', 'vertical', 'diagonal']
)
PAD = 2


@pytest.fixture(autouse=True)
def scope():
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        yield


def centers(count: int) -> np.ndarray:
    """Return the centers of ``count`` equal parts of [0, 1]."""
    return ((np.arange(count) + 0.5) / count).astype(np.float32)


def places(rows: int, columns: int) -> np.ndarray:
    """Return ``(rows, columns, 2)``: x and y, relative to width and height."""
    return np.stack(np.meshgrid(centers(columns), centers(rows)), axis=-1)


def sample(height: int, width: int, rows: int, columns: int) -> dict:
    """Make pixels and cells that hold their position: the logit is x, the class y."""
    image = np.concatenate([places(height, width), np.zeros((height, width, 1), np.float32)], -1)
    return {
        'img': image,
        'label_map': places(rows, columns).transpose(2, 0, 1)[:, None],
        'label_map_box': np.array([0, 0, 1, 1], np.float32),
    }


def read_off(line: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Interpolate a linear function that is known at the centers of equal parts of [0, 1]."""
    slope = (line[-1] - line[0]) * len(line) / (len(line) - 1)
    return line[0] + slope * (at - 0.5 / len(line))


@given(SIDES, SIDES, st.integers(2, 9), st.integers(2, 9), st.integers(1, 32), SEEDS)
def test_each_pixel_of_a_crop_and_flip_lies_where_the_map_says(
    height, width, rows, columns, side, seed
):
    before = sample(height, width, rows, columns)
    given_arrays = {key: value.copy() for key, value in before.items()}
    np.random.seed(seed)
    after = WithLabelMap([dict(CROP, scale=side), FLIP, FLIP])(dict(before))
    left, top, right, bottom = after['label_map_box']
    assert 0 <= left < right <= 1 + 1e-6 and 0 <= top < bottom <= 1 + 1e-6
    assert after['img'].shape == (side, side, 3)
    across, down = after['label_map'][:, 0]
    told_across = read_off(across[0], left + (right - left) * centers(side))
    told_down = read_off(down[:, 0], top + (bottom - top) * centers(side))
    # Resizing knows nothing beyond the centers of the outer pixels of a crop: half a pixel.
    assert np.abs(after['img'][0, :, 0] - told_across).max() <= 0.5 / width + 1e-4
    assert np.abs(after['img'][:, 0, 1] - told_down).max() <= 0.5 / height + 1e-4
    middle = (told_across > 1 / width + min(told_across)) & (
        told_across < max(told_across) - 1 / width
    )
    np.testing.assert_allclose(after['img'][0, middle, 0], told_across[middle], atol=2e-3)
    for key, value in given_arrays.items():
        assert np.array_equal(before[key], value), f'{key} was changed in place'


@given(SIDES, SIDES, CELLS, CELLS, SEEDS, st.booleans())
def test_a_flip_is_that_of_the_arrays(height, width, rows, columns, seed, cut):
    before = sample(height, width, rows, columns)
    if cut:
        before['label_map_box'] = np.sort(np.random.RandomState(seed).rand(2, 2), 0).ravel()
    np.random.seed(seed)
    after = WithLabelMap([FLIP])(dict(before))
    left, top, right, bottom = before['label_map_box']
    mirrored = {
        None: (slice(None), slice(None), (left, top, right, bottom)),
        'horizontal': (slice(None), slice(None, None, -1), (1 - right, top, 1 - left, bottom)),
        'vertical': (slice(None, None, -1), slice(None), (left, 1 - bottom, right, 1 - top)),
        'diagonal': (
            slice(None, None, -1),
            slice(None, None, -1),
            (1 - right, 1 - bottom, 1 - left, 1 - top),
        ),
    }
    down, across, box = mirrored[after.get('flip_direction')]
    assert np.array_equal(after['img'], before['img'][down, across])
    assert np.array_equal(after['label_map'], before['label_map'][:, :, down, across])
    np.testing.assert_allclose(after['label_map_box'], box, atol=1e-6)


WARPS = (
    dict(type='Translate', magnitude_range=(0, 0.9), direction='horizontal'),
    dict(type='Translate', magnitude_range=(0, 0.9), direction='vertical'),
    dict(type='Shear', magnitude_range=(0, 0.9), direction='horizontal'),
    dict(type='Shear', magnitude_range=(0, 0.9), direction='vertical'),
    dict(type='Rotate', magnitude_range=(0, 180)),
)


@given(st.sampled_from(WARPS), SIDES, SIDES, CELLS, CELLS, SEEDS, st.integers(0, 10))
def test_a_warped_cell_holds_what_its_middle_pixel_shows(
    warp, height, width, rows, columns, seed, level
):
    warp = dict(warp, prob=0.8, pad_val=PAD, interpolation='nearest', magnitude_level=level)
    before = sample(height, width, rows, columns)
    # Pixels that show the place of their cell.
    down, across = np.arange(height) * rows // height, np.arange(width) * columns // width
    before['img'] = np.full((height, width, 3), 0.5, np.float32)
    before['img'][..., :2] = places(rows, columns)[down[:, None], across]
    given_map, given_image = before['label_map'].copy(), before['img'].copy()
    np.random.seed(seed)
    after = WithLabelMap([warp])(dict(before))
    rest = np.random.rand()
    np.random.seed(seed)
    alone = TRANSFORMS.build(warp)({'img': given_image.copy()})['img']
    assert np.array_equal(after['img'], alone) and rest == np.random.rand()
    middles = np.ix_(
        [int((row + 0.5) * height / rows) for row in range(rows)],
        [int((column + 0.5) * width / columns) for column in range(columns)],
    )
    shown = alone[middles]
    inside = shown[..., 0] != PAD
    assert np.array_equal(after['label_map'][0, 0], np.where(inside, shown[..., 0], 0))
    assert np.array_equal(after['label_map'][1, 0][inside], shown[..., 1][inside])
    assert np.isin(after['label_map'][1], given_map[1]).all()  # existing classes
    assert np.array_equal(before['label_map'], given_map)
    assert np.array_equal(before['img'], given_image)


@given(SIDES, SIDES, SEEDS, st.integers(1, 32))
def test_images_of_a_whole_pipeline_are_the_same_without_maps(height, width, seed, side):
    augment = dict(
        type='RandAugment', policies='timm_increasing', num_policies=2, magnitude_level=9,
        magnitude_std=0.5,
    )  # fmt: skip
    steps = [FLIP, augment, dict(CROP, scale=side)]
    image = np.random.RandomState(seed).randint(0, 256, (height, width, 3)).astype(np.uint8)
    kept = image.copy()
    results = dict(sample(height, width, 3, 4), img=image)
    np.random.seed(seed)
    ours = WithLabelMap(steps)(results)
    rest = np.random.rand()
    np.random.seed(seed)
    theirs = Compose([TRANSFORMS.build(step) for step in steps])({'img': kept.copy()})
    assert np.array_equal(ours['img'], theirs['img']) and rest == np.random.rand()
    assert np.array_equal(image, kept)
    assert ours['label_map'].shape == (2, 1, 3, 4)
    left, top, right, bottom = ours['label_map_box']
    assert 0 <= left < right <= 1 + 1e-6 and 0 <= top < bottom <= 1 + 1e-6
