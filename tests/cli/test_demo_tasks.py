"""The demo of every task finds what the model finds when it is called directly, and draws it."""

import json
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from mmengine.dataset import Compose, pseudo_collate
from untrained import save_untrained

from configs import CONFIGS, load
from mmuniformer.apis import media
from mmuniformer.apis.model import load_model
from mmuniformer.cli.demo import main

for toolbox in ('mmpretrain', 'mmdet', 'mmseg', 'mmpose', 'mmaction'):
    pytest.importorskip(toolbox)

MINI = {
    'cls': 'mini_uniformer_s_in1k',
    'det': 'mini_mask_rcnn_uniformer_s_h14',
    'seg': 'mini_fpn_uniformer_s_h14',
    'pose': 'mini_td_hm_uniformer_s_128x96',
    'video': 'mini_uniformer_s_16_motion',
}
HEIGHT, WIDTH, RATE = 72, 96, 10
SHAPES = ['circle', 'square', 'triangle', 'star', 'ring', 'cross']


def config_of(task: str) -> Path:
    return CONFIGS / task / f'{MINI[task]}.py'


def frame(step: int) -> np.ndarray:
    """A circle that drifts over clouds."""
    clouds = np.random.RandomState(0).randint(60, 200, (6, 8, 3)).astype(np.uint8)
    image = cv2.resize(clouds, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
    cv2.circle(image, (20 + 2 * step, 36), 14, (30, 30, 220), -1)
    return image


@pytest.fixture(scope='module')
def folder(tmp_path_factory) -> Path:
    """An image and a clip."""
    folder = tmp_path_factory.mktemp('inputs')
    cv2.imwrite(str(folder / 'still.png'), frame(0))
    media.write_video(folder / 'clip.mp4', map(frame, range(20)), RATE)
    return folder


@pytest.fixture(scope='module')
def trained(tmp_path_factory):
    """Give the config of a task with a model in it whose weights are random, and its file."""

    @cache
    def make(task: str):
        config = load(config_of(task))
        meta = dict(config.train_dataloader.dataset.get('metainfo') or {})
        if task == 'cls':
            meta = {'classes': SHAPES}
            config.model.data_preprocessor = config.data_preprocessor
        if task == 'pose':
            from mmpose.datasets.datasets.utils import parse_pose_metainfo

            meta = parse_pose_metainfo({'from_file': 'configs/_base_/datasets/coco.py'})
        path = save_untrained(config, tmp_path_factory.mktemp(task) / 'random.pth', **meta)
        return config, load_model(config, path), path, meta

    return make


@torch.no_grad()
def direct(config, model, **info):
    """What the model says to the test pipeline of the config, without an inferencer."""
    pipeline = config.test_dataloader.dataset.pipeline
    steps = [step for step in pipeline if 'Annotation' not in step['type']]
    return model.test_step(pseudo_collate([Compose(steps)(info)]))[0]


def run(task: str, path: Path, *words) -> int:
    return main([task, str(config_of(task)), str(path), *map(str, words)])


def read(path: Path) -> dict:
    return json.loads(path.read_text())


def changed(drawn: Path, original: np.ndarray) -> float:
    """Share of the pixels of the enlarged image that are visibly another color."""
    image = cv2.imread(str(drawn))
    assert max(image.shape) == 640
    plain = cv2.resize(original, image.shape[1::-1], interpolation=cv2.INTER_CUBIC)
    return float((np.abs(image.astype(int) - plain).max(-1) > 30).mean())


def frames_of(path: Path) -> list[np.ndarray]:
    reader = media.VideoReader(path)
    assert reader.fps == RATE
    return list(reader)


def test_a_classifier_names_classes_with_the_probabilities_of_the_model(
    folder, trained, tmp_path, capsys
):
    config, model, path, _ = trained('cls')
    assert run('cls', path, folder, '--out-dir', tmp_path, '--topk', 3, '--frames', 2) == 0
    found = read(tmp_path / 'still.json')
    scores = direct(config, model, img_path=str(folder / 'still.png')).pred_score
    assert found['labels'] == scores.argsort(descending=True)[:3].tolist()
    assert found['classes'] == [SHAPES[label] for label in found['labels']]
    assert np.allclose(found['scores'], scores[found['labels']], atol=1e-4)
    assert 0.002 < changed(tmp_path / 'still.png', frame(0)) < 0.5
    assert len(read(tmp_path / 'clip.json')['frames']) == len(frames_of(tmp_path / 'clip.mp4')) == 2
    # Two frames of one video and an image: a classification each.
    assert '3 classes in 1 video and 1 image,' in capsys.readouterr().out


def test_a_detector_gives_boxes_and_masks_for_every_frame(folder, trained, tmp_path):
    config, model, path, _ = trained('det')
    words = (folder, '--out-dir', tmp_path, '--score-thr', 0, '--frames', 3)
    assert run('det', path, *words) == 0
    found = read(tmp_path / 'still.json')
    wanted = direct(config, model, img_path=str(folder / 'still.png'), img_id=0).pred_instances
    assert len(found['scores']) == len(wanted) > 0
    assert np.allclose(found['scores'], wanted.scores.tolist(), atol=1e-4)
    assert np.allclose(found['boxes'], wanted.bboxes.tolist(), atol=0.01)
    assert found['classes'] == [SHAPES[label] for label in wanted.labels]
    frames = read(tmp_path / 'clip.json')['frames']
    assert len(frames) == len(frames_of(tmp_path / 'clip.mp4')) == 3
    assert all(len(each['masks']) == len(each['boxes']) > 0 for each in frames)


def test_a_segmentor_gives_every_pixel_to_a_class(folder, trained, tmp_path):
    from pycocotools import mask as mask_utils

    config, model, path, meta = trained('seg')
    assert run('seg', path, folder / 'still.png', '--out-dir', tmp_path) == 0
    found = read(tmp_path / 'still.json')
    wanted = direct(
        config, model, img_path=str(folder / 'still.png'), seg_fields=[]
    ).pred_sem_seg.data[0].numpy()  # fmt: skip
    assert wanted.shape == (HEIGHT, WIDTH)
    assert sum(found['shares']) == pytest.approx(1, abs=1e-3)
    for label, name, share, mask in zip(
        found['labels'], found['classes'], found['shares'], found['masks'], strict=True
    ):
        assert meta['classes'][label] == name
        assert share == pytest.approx((wanted == label).mean(), abs=1e-4)
        assert np.array_equal(mask_utils.decode(mask), wanted == label)
    assert changed(tmp_path / 'still.png', frame(0)) > 0.5


def test_a_pose_estimator_gives_keypoints_and_draws_the_sure_ones(folder, trained, tmp_path):
    config, model, path, meta = trained('pose')
    words = (folder / 'still.png', '--out-dir', tmp_path / 'all', '--score-thr', 0)
    assert run('pose', path, *words) == 0
    found = read(tmp_path / 'all' / 'still.json')
    box = np.array([[0, 0, WIDTH, HEIGHT]], dtype=np.float32)
    wanted = direct(
        config, model, img_path=str(folder / 'still.png'), bbox=box,
        bbox_score=np.ones(1, dtype=np.float32), **meta,
    ).pred_instances  # fmt: skip
    assert found['boxes'] == [[0, 0, WIDTH, HEIGHT]] and found['keypoint_names'][0] == 'nose'
    assert np.allclose(found['keypoints'], wanted.keypoints, atol=0.01)
    assert np.allclose(found['keypoint_scores'], wanted.keypoint_scores, atol=1e-4)
    least = max(found['keypoint_scores'][0]) + 0.001
    words = (folder / 'still.png', '--out-dir', tmp_path / 'none', '--score-thr', least)
    assert run('pose', path, *words) == 0
    drawn, bare = (changed(tmp_path / name / 'still.png', frame(0)) for name in ('all', 'none'))
    assert drawn > bare + 0.002


def test_poses_are_looked_for_in_the_boxes_of_a_detector(folder, trained, tmp_path):
    _, _, path, _ = trained('pose')
    detector = ('--det-config', config_of('det'), '--det-checkpoint', trained('det')[2])
    words = (folder / 'still.png', '--out-dir', tmp_path, *detector, '--det-class', 3)
    assert run('pose', path, *words) == 0
    found = read(tmp_path / 'still.json')
    # Untrained, it is sure of nothing: mmpose then takes the whole image.
    assert found['boxes'] == [[0, 0, WIDTH, HEIGHT]] and found['scores'] == [1.0]


def test_an_action_is_recognized_in_the_whole_video(folder, trained, tmp_path):
    config, model, path, _ = trained('video')
    labels = tmp_path / 'ways.txt'
    labels.write_text('left\nright\nup\ndown\n')
    words = (folder, '--out-dir', tmp_path / 'out', '--labels', labels, '--topk', 9)
    assert run('video', path, *words) == 0
    found = read(tmp_path / 'out' / 'clip.json')
    clip = {'filename': str(folder / 'clip.mp4'), 'start_index': 0, 'modality': 'RGB', 'label': 0}
    # This head averages logits over clips.
    scores = direct(config, model, **clip).pred_score.softmax(0)
    assert found['labels'] == scores.argsort(descending=True).tolist()
    assert np.allclose(found['scores'], scores[found['labels']], atol=1e-4)
    ways = labels.read_text().split()
    assert found['classes'] == [ways[label] for label in found['labels']]
    drawn = frames_of(tmp_path / 'out' / 'clip.mp4')
    assert len(drawn) == 20 and drawn[0].shape == (480, 640, 3)


def test_one_broken_input_does_not_end_the_run(folder, trained, tmp_path, capsys):
    _, _, path, _ = trained('cls')
    (tmp_path / 'broken.jpg').write_bytes(b'not an image')
    (tmp_path / 'broken.mp4').write_bytes(b'not a video')
    inputs = (tmp_path / 'broken.jpg', tmp_path / 'broken.mp4', folder / 'still.png', '77')
    assert run('cls', path, *inputs, '--out-dir', tmp_path / 'out') == 1
    output = capsys.readouterr()
    assert '1 classes in 1 image,' in output.out
    lines = [line for line in output.err.splitlines() if line.startswith('not used: ')]
    for line, name in zip(
        lines, ('broken.jpg is', 'broken.mp4 cannot', 'camera 77 cannot'), strict=True
    ):
        assert name in line
    assert 'another program has it' in lines[2]
    names = {item.name for item in (tmp_path / 'out').iterdir()}
    assert names == {'still.png', 'still.json', 'overview.png'}


def test_a_camera_is_recorded_for_a_model_of_videos(folder, trained, tmp_path, monkeypatch):
    """The camera is a file here: OpenCV is asked for number 0 and given the clip."""
    real = cv2.VideoCapture
    clip = str(folder / 'clip.mp4')
    monkeypatch.setattr(
        media.cv2, 'VideoCapture', lambda source: real(clip if source == 0 else source)
    )
    _, _, path, _ = trained('video')
    assert run('video', path, '0', '--out-dir', tmp_path, '--frames', 16) == 0
    found = read(tmp_path / 'camera0.json')
    assert found['input'] == '0' and sum(found['scores']) == pytest.approx(1, abs=1e-3)
    assert found['classes'][0] == f'class {found["labels"][0]}'
    assert len(frames_of(tmp_path / 'camera0.mp4')) == 16
    _, _, path, _ = trained('cls')
    assert run('cls', path, '0', '--out-dir', tmp_path / 'cls', '--frames', 2) == 0
    assert len(read(tmp_path / 'cls' / 'camera0.json')['frames']) == 2


def test_a_checkpoint_of_another_model_is_refused(folder, trained, tmp_path):
    _, _, path, _ = trained('seg')
    with pytest.raises(
        ValueError, match='(?s)does not belong to the model of this config.*mmuniformer convert'
    ):
        run('cls', path, folder, '--out-dir', tmp_path / 'out')
    assert not (tmp_path / 'out').exists()
