"""Label maps follow their images, checked with images of cell indices."""

import numpy as np
import pytest
import torch

pytest.importorskip('mmpretrain')

from mmengine.registry import init_default_scope
from mmpretrain.registry import TRANSFORMS

import mmuniformer  # noqa: F401
from mmuniformer.token_labeling import LoadLabelMap, WithLabelMap
from mmuniformer.token_labeling.label_maps import write_label_map

CELLS, PIXELS = 8, 16  # a map of 8 × 8 cells, 16 pixels each in the image
PAD = 255


@pytest.fixture(autouse=True)
def scope():
    init_default_scope('mmpretrain')


def make_sample(rows=CELLS, columns=CELLS):
    """Make an image whose cells have their index + 1 as color, and as logit of the map."""
    numbers = np.arange(1, rows * columns + 1, dtype=np.uint8).reshape(rows, columns)
    image = numbers.repeat(PIXELS, 0).repeat(PIXELS, 1)[..., None].repeat(3, 2)
    scores = numbers[None].astype(np.float32)
    return {
        'img': image,
        'label_map': np.stack([scores, scores + 100]),
        'label_map_box': np.array([0, 0, 1, 1], np.float32),
    }


def cell_colors(results, pad=0.0):
    """Return the colors at the centers of the cells, with ``pad`` for padding."""
    rows, columns = results['label_map'].shape[2:]
    side = results['img'].shape[0] // rows
    colors = results['img'][side // 2 :: side, side // 2 :: side, 0].astype(np.float32)
    assert colors.shape == (rows, columns)
    return np.where(colors == PAD, pad, colors)


def test_a_map_is_loaded_for_its_image_and_covers_it_all(tmp_path):
    label_map = torch.arange(24.0).reshape(2, 2, 2, 3)
    write_label_map(tmp_path / 'maps' / 'bird' / 'x.pt', label_map.half())
    transform = LoadLabelMap(label_root=str(tmp_path / 'maps'))
    results = transform({'img_path': 'data/train/bird/x.JPEG'})
    assert results['label_map'].dtype == np.float32
    assert results['label_map'].tolist() == label_map.tolist()
    assert results['label_map_box'].tolist() == [0, 0, 1, 1]
    with pytest.raises(FileNotFoundError, match='fish/x.pt'):
        transform({'img_path': 'data/train/fish/x.JPEG'})


def test_rand_augment_draws_as_mmpretrains_and_the_map_follows():
    policies = [
        *(dict(type='Translate', magnitude_range=(0, 0.45), direction=d) for d in
          ('horizontal', 'vertical')),
        dict(type='Rotate', magnitude_range=(0, 30)),
        dict(type='Shear', magnitude_range=(0, 0.3), interpolation='nearest'),
    ]  # fmt: skip
    augment = dict(
        type='RandAugment', policies=policies, num_policies=2, magnitude_level=9,
        magnitude_std=0.5, hparams=dict(pad_val=PAD),
    )  # fmt: skip
    ours, theirs = WithLabelMap([augment]), TRANSFORMS.build(augment)
    moved = 0
    for seed in range(30):
        np.random.seed(seed)
        results = ours(make_sample())
        after = np.random.rand()
        np.random.seed(seed)
        assert (results['img'] == theirs(make_sample())['img']).all()
        assert after == np.random.rand()
        # Two warps in a row round the position of a cell twice: it may come out next to the center.
        same = results['label_map'][0, 0] == cell_colors(results)
        assert same.mean() > 0.8
        moved += (results['label_map'] != make_sample()['label_map']).any()
    assert moved > 15


def test_colors_change_without_the_map():
    invert = dict(type='Invert', prob=1.0)
    results = WithLabelMap([invert])(make_sample())
    assert (results['img'] == 255 - make_sample()['img']).all()
    assert (results['label_map'] == make_sample()['label_map']).all()


def test_a_crop_of_a_crop_is_relative_to_the_first():
    sample = make_sample()
    sample['label_map_box'] = np.array([0.5, 0.0, 1.0, 0.5], np.float32)
    crop = dict(type='RandomResizedCrop', scale=64)
    np.random.seed(3)
    inner = WithLabelMap([crop])(make_sample())['label_map_box']
    np.random.seed(3)
    nested = WithLabelMap([crop])(sample)['label_map_box']
    np.testing.assert_allclose(nested, inner / 2 + [0.5, 0, 0.5, 0], atol=1e-6)


def test_what_the_map_cannot_follow_is_refused():
    with pytest.raises(TypeError, match='cannot follow CenterCrop'):
        WithLabelMap([dict(type='CenterCrop', crop_size=4)])
    steps = [dict(type='RandomResizedCrop', scale=64), dict(type='Rotate', angle=90.0, prob=1.0)]
    with pytest.raises(ValueError, match='put RandomResizedCrop last'):
        WithLabelMap(steps)(make_sample())
