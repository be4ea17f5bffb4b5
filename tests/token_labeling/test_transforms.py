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


def op(name, **options):
    return dict(type=name, prob=1.0, pad_val=PAD, interpolation='nearest', **options)


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


@pytest.mark.parametrize('direction', ['horizontal', 'vertical', 'diagonal'])
def test_a_flip_mirrors_map_and_image_alike(direction):
    flip = dict(type='RandomFlip', prob=1.0, direction=direction)
    results = WithLabelMap([flip])(make_sample(4, 6))
    assert results['label_map'][0, 0].tolist() == cell_colors(results).tolist()
    assert (results['label_map'][1] - results['label_map'][0] == 100).all()
    assert results['label_map'][0, 0, 0, 0] != 1


def test_a_flip_that_does_not_happen_leaves_the_map():
    results = WithLabelMap([dict(type='RandomFlip', prob=0.0)])(make_sample())
    assert (results['label_map'] == make_sample()['label_map']).all()


WARPS = {
    'shifted right': op('Translate', magnitude=0.25, direction='horizontal'),
    'shifted down': op('Translate', magnitude=0.25, direction='vertical'),
    'sheared': op('Shear', magnitude=0.5, direction='horizontal'),
    'turned': op('Rotate', angle=90.0),
    'tilted': op('Rotate', angle=30.0),
}


@pytest.mark.parametrize('seed', range(2))  # both signs of the magnitude
@pytest.mark.parametrize('name', WARPS)
def test_a_warp_moves_cells_as_it_moves_pixels(name, seed):
    np.random.seed(seed)
    results = WithLabelMap([WARPS[name]])(make_sample())
    scores, classes = results['label_map']
    assert scores[0].tolist() == cell_colors(results).tolist()
    known = scores > 0
    assert (classes[known] - scores[known] == 100).all()
    assert not (scores[0] == make_sample()['label_map'][0, 0]).all()


def test_a_warp_of_an_oblong_image_rotates_cells_about_its_center():
    results = WithLabelMap([op('Rotate', angle=180.0)])(make_sample(4, 6))
    whole = make_sample(4, 6)['label_map'][0, 0]
    # 180° about the center between pixels moves the image by less than a pixel.
    assert results['label_map'][0, 0].tolist() == whole[::-1, ::-1].tolist()


def test_a_quarter_shift_fills_two_columns_with_logit_0():
    np.random.seed(0)
    shift = dict(WARPS['shifted right'], random_negative_prob=0.0)
    scores = WithLabelMap([shift])(make_sample())['label_map'][0, 0]
    assert (scores[:, :2] == 0).all()
    assert (scores[:, 2:] == make_sample()['label_map'][0, 0][:, :-2]).all()


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


def test_a_crop_is_recorded_relative_to_the_image():
    crop = dict(type='RandomResizedCrop', scale=64, interpolation='nearest')
    for seed in range(20):
        np.random.seed(seed)
        results = WithLabelMap([crop])(make_sample(4, 8))
        assert results['img'].shape == (64, 64, 3)
        assert (results['label_map'] == make_sample(4, 8)['label_map']).all()
        left, top, right, bottom = results['label_map_box'] * [128, 64, 128, 64]
        left, top, right, bottom = (int(np.round(edge)) for edge in (left, top, right, bottom))
        cut = make_sample(4, 8)['img'][top:bottom, left:right]
        for corner in ((0, 0), (0, -1), (-1, 0), (-1, -1)):
            assert abs(int(results['img'][corner][0]) - int(cut[corner][0])) in (0, 1, 8, 9, 7)
        np.random.seed(seed)
        again = TRANSFORMS.build(crop)(make_sample(4, 8))
        assert (again['img'] == results['img']).all()


def test_a_flip_after_a_crop_mirrors_the_box_too():
    sample = make_sample()
    sample['label_map_box'] = np.array([0.125, 0.25, 0.5, 1.0], np.float32)
    flip = dict(type='RandomFlip', prob=1.0, direction='horizontal')
    results = WithLabelMap([flip])(sample)
    assert results['label_map_box'].tolist() == [0.5, 0.25, 0.875, 1.0]


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
    with pytest.raises(ValueError, match='put RandomResizedCrop last'):
        WithLabelMap([dict(type='RandomResizedCrop', scale=64), WARPS['turned']])(make_sample())
