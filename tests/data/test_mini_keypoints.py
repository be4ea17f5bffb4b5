"""The mini set coco_keypoints: joints match the drawings, as scored by COCO."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.random import RandomState
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from mmuniformer.data.mini import coco_keypoints as maker
from mmuniformer.data.mini import figures

SPLITS = {'train': 12, 'val': 6}


@pytest.fixture(scope='module')
def tiny(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp('mini')
    list(maker.make(out, seed=0, size=128, **SPLITS))
    return out


def annotations(folder: Path, split: str) -> Path:
    return folder / 'annotations' / f'person_keypoints_{split}2017.json'


def everybody(folder: Path) -> list[dict]:
    return [
        item
        for split in SPLITS
        for item in json.loads(annotations(folder, split).read_text())['annotations']
    ]


def points(item: dict) -> np.ndarray:
    return np.reshape(item['keypoints'], (-1, 3))


def score(truth: COCO, found: COCO) -> np.ndarray:
    rating = COCOeval(truth, found, 'keypoints')
    rating.evaluate()
    rating.accumulate()
    rating.summarize()
    return rating.stats


def test_the_truth_as_a_prediction_has_ap_1(tiny):
    truth = COCO(str(annotations(tiny, 'val')))
    found = [{**item, 'score': 1.0} for item in truth.dataset['annotations']]
    stats = score(truth, truth.loadRes(found))
    assert stats[0] == stats[5] == 1.0


def test_swapping_left_and_right_costs_most_of_the_ap(tiny):
    truth = COCO(str(annotations(tiny, 'val')))
    names = list(figures.JOINTS)
    other = {'left': 'right', 'right': 'left'}
    swapped = [
        names.index('_'.join([other.get(name.split('_')[0], name), *name.split('_')[1:]]))
        for name in names
    ]
    assert np.array_equal(np.array(swapped)[swapped], np.arange(17))
    found = [
        {**item, 'keypoints': points(item)[swapped].ravel().tolist(), 'score': 1.0}
        for item in truth.dataset['annotations']
    ]
    assert score(truth, truth.loadRes(found))[0] < 0.1


def test_joints_lie_in_their_boxes_and_are_counted(tiny):
    for item in everybody(tiny):
        joints = points(item)
        labeled = joints[joints[:, 2] > 0, :2]
        left, top, width, height = item['bbox']
        assert (labeled >= (left, top)).all()
        assert (labeled < (left + width, top + height)).all()
        assert item['num_keypoints'] == len(labeled) >= 11
        assert not joints[joints[:, 2] == 0].any()


def test_images_have_one_to_three_figures_as_polygons(tiny):
    for split, images in SPLITS.items():
        truth = COCO(str(annotations(tiny, split)))
        assert len(truth.imgToAnns) == images
        assert {len(people) for people in truth.imgToAnns.values()} <= {1, 2, 3}
        assert all(isinstance(item['segmentation'], list) for item in truth.anns.values())


def test_masks_are_1_inside_the_outlines_of_figures(tiny):
    for split in ('train', 'val'):
        coco = COCO(str(annotations(tiny, split)))
        for image_id, items in coco.imgToAnns.items():
            mask = cv2.imread(
                str(tiny / 'masks' / f'{split}2017' / f'{image_id:012d}.png'), cv2.IMREAD_UNCHANGED
            )
            filled = np.any([coco.annToMask(item) for item in items], axis=0)
            assert set(np.unique(mask)) == {0, 1}
            # Outlines have no holes; masks do, between arms and body.
            assert not (mask & ~filled).any()
            assert mask.sum() > 0.9 * filled.sum()


def test_tips_are_five_of_the_joints(tiny):
    for split in ('train', 'val'):
        path = annotations(tiny, split)
        whole = COCO(str(path))
        tips = COCO(str(path.with_name(f'person_tips_{split}2017.json')))
        names = tips.cats[1]['keypoints']
        assert names == ['nose', 'left_wrist', 'right_wrist', 'left_ankle', 'right_ankle']
        for number, item in tips.anns.items():
            found = dict(zip(figures.JOINTS, points(whole.anns[number]), strict=True))
            assert np.array_equal(points(item), [found[name] for name in names])
            assert item['num_keypoints'] == (points(item)[:, 2] > 0).sum()


def test_joints_are_outside_hidden_or_visible():
    hidden = np.zeros((10, 20), bool)
    hidden[4, 7] = True
    joints = np.full((17, 2), 2.5)
    joints[1], joints[2], joints[3] = (7.9, 4.1), (20.0, 5.0), (3.0, -0.1)
    found = np.reshape(maker.keypoints(joints, hidden), (17, 3)).tolist()
    assert found[0] == [2, 2, 2]
    assert found[1] == [7, 4, 1]
    assert found[2] == found[3] == [0, 0, 0]


def test_forty_images_have_outside_hidden_and_visible_joints():
    seen = np.zeros(3, int)
    for index in range(40):
        crowd = maker.draw_crowd(RandomState([0, 0, index]), 128)
        for item in maker._annotations(crowd):
            seen += np.bincount(points(item)[:, 2], minlength=3)
    assert (seen[:2] > 0.01 * seen.sum()).all()
    assert seen[2] > 0.7 * seen.sum()


def test_figures_face_the_viewer_so_their_left_is_on_the_right():
    for seed in range(50):
        figure = figures.pose(RandomState(seed), 100)
        for part in ('eye', 'ear', 'shoulder', 'hip'):
            assert figure[f'left_{part}'][0] > figure[f'right_{part}'][0]
        assert figure['nose'][1] < figure['left_shoulder'][1] < figure['left_hip'][1]


def test_bones_keep_their_lengths_in_every_pose():
    for seed in range(20):
        figure = figures.pose(RandomState(seed), 200)
        for side in figures.SIDES:
            for (start, end), length in {
                ('shoulder', 'elbow'): figures.ARM[0],
                ('elbow', 'wrist'): figures.ARM[1],
                ('hip', 'knee'): figures.LEG[0],
                ('knee', 'ankle'): figures.LEG[1],
            }.items():
                bone = figure[f'{side}_{end}'] - figure[f'{side}_{start}']
                assert np.hypot(*bone) == pytest.approx(200 * length)


def test_one_side_is_warm_and_the_other_cool_at_random():
    """A flipped image with left and right labels swapped follows the same distribution."""
    warm_left = 0
    for seed in range(40):
        rng = RandomState(seed)
        figure = figures.pose(rng, 150)
        figure = figure.moved(np.array([150, 150]))
        colors, _ = figures.draw(rng, figure, (300, 300))
        blue_minus_red = {}
        for side in figures.SIDES:
            x, y = (figure[f'{side}_shoulder'] * 0.5 + figure[f'{side}_elbow'] * 0.5).astype(int)
            blue_minus_red[side] = float(colors[y, x, 0] - colors[y, x, 2])
        assert blue_minus_red['left'] * blue_minus_red['right'] < 0
        warm_left += blue_minus_red['left'] < 0
    assert 12 <= warm_left <= 28


def test_the_category_is_that_of_coco(tiny):
    (category,) = json.loads(annotations(tiny, 'train').read_text())['categories']
    assert (category['id'], category['name']) == (1, 'person')
    assert category['keypoints'] == list(figures.JOINTS)
    bones = {
        tuple(category['keypoints'][joint - 1] for joint in bone) for bone in category['skeleton']
    }
    assert len(bones) == 19
    assert {('left_ankle', 'left_knee'), ('right_elbow', 'right_wrist')} <= bones


def test_detected_boxes_are_close_to_the_true_ones(tiny):
    found = json.loads((tiny / maker.DETECTIONS).read_text())
    truth = json.loads(annotations(tiny, 'val').read_text())['annotations']
    assert len(found) == len(truth)
    for box, item in zip(found, truth, strict=True):
        assert (box['image_id'], box['category_id']) == (item['image_id'], 1)
        assert 0.6 <= box['score'] <= 1
        first, second = np.array(box['bbox']), np.array(item['bbox'], float)
        low = np.maximum(first[:2], second[:2])
        high = np.minimum(first[:2] + first[2:], second[:2] + second[2:])
        shared = np.prod(high - low)
        assert 0.75 < shared / (first[2:].prod() + second[2:].prod() - shared) < 1


def test_a_joint_outside_its_box_is_reported(tmp_path):
    list(maker.make(tmp_path, seed=0, train=1, val=1, size=96))
    assert maker.check(tmp_path).startswith('train 1 images')
    content = json.loads(annotations(tmp_path, 'val').read_text())
    item = content['annotations'][0]
    seen = int(np.flatnonzero(points(item)[:, 2])[0])
    item['keypoints'][3 * seen] = 500
    annotations(tmp_path, 'val').write_text(json.dumps(content))
    with pytest.raises(ValueError, match=f'joints of annotation {item["id"]}'):
        maker.check(tmp_path)


@pytest.mark.parametrize(('split', 'images'), SPLITS.items())
def test_mmpose_reads_every_figure_with_its_joints(tiny, split, images):
    datasets = pytest.importorskip('mmpose.datasets')
    data = datasets.CocoDataset(
        data_root=str(tiny),
        ann_file=f'annotations/person_keypoints_{split}2017.json',
        data_prefix=dict(img=f'{split}2017/'),
    )
    truth = json.loads(annotations(tiny, split).read_text())['annotations']
    assert len(data) == len(truth) >= images
    names = data.metainfo['keypoint_id2name']
    assert [names[index] for index in range(17)] == list(figures.JOINTS)
    for index, item in enumerate(truth):
        sample = data.get_data_info(index)
        assert np.array_equal(sample['keypoints'][0], points(item)[:, :2])
        assert sample['keypoints_visible'].sum() == item['num_keypoints']
        assert Path(sample['img_path']).is_file()


def test_mmpose_reads_the_detected_boxes(tiny):
    datasets = pytest.importorskip('mmpose.datasets')
    data = datasets.CocoDataset(
        data_root=str(tiny),
        ann_file='annotations/person_keypoints_val2017.json',
        bbox_file=str(tiny / maker.DETECTIONS),
        data_prefix=dict(img='val2017/'),
        test_mode=True,
    )
    found = json.loads((tiny / maker.DETECTIONS).read_text())
    assert len(data) == len(found)
    for index, box in enumerate(found):
        left, top, width, height = box['bbox']
        corners = data.get_data_info(index)['bbox'][0]
        assert corners == pytest.approx([left, top, left + width, top + height], abs=1e-3)
