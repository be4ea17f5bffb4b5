"""The toolboxes' own inferencers take our configs with a local checkpoint, and draw."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from configs import CONFIGS, build, load

SIZE = (180, 240)


@pytest.fixture(scope='module')
def image(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp('images') / 'clouds.png'
    coarse = np.random.RandomState(0).randint(0, 256, (6, 8, 3)).astype(np.uint8)
    cv2.imwrite(str(path), cv2.resize(coarse, SIZE[::-1], interpolation=cv2.INTER_CUBIC))
    return path


def checkpoint_of(config: Path, folder: Path) -> Path:
    """Write the untrained model as training would, with the classes of its data set."""
    torch.manual_seed(0)
    loaded = load(config)
    model = build(loaded)
    meta = {}
    if loaded.default_scope == 'mmseg':
        from mmseg.datasets import ADE20KDataset

        meta = {'dataset_meta': dict(ADE20KDataset.METAINFO)}
    elif loaded.default_scope == 'mmdet':
        meta = {'dataset_meta': dict(loaded.train_dataloader.dataset.metainfo)}
    path = folder / 'model.pth'
    torch.save({'meta': meta, 'state_dict': model.state_dict()}, path)
    return path


def changed(drawn: Path, image: Path) -> float:
    """Share of the pixels that drawing has changed."""
    before, after = cv2.imread(str(image)), cv2.imread(str(drawn))
    assert before.shape == after.shape
    return (np.abs(before.astype(int) - after).max(-1) > 30).mean()


def test_mmdet_draws_boxes_and_masks(image, tmp_path):
    pytest.importorskip('mmdet')
    from mmdet.apis import DetInferencer

    config = CONFIGS / 'det' / 'mini_mask_rcnn_uniformer_s_h14.py'
    weights = checkpoint_of(config, tmp_path)
    inferencer = DetInferencer(str(config), str(weights), device='cpu', show_progress=False)
    inferencer.model.test_cfg.rcnn.update(score_thr=0.0, max_per_img=5)
    result = inferencer(str(image), out_dir=str(tmp_path), pred_score_thr=0.0, no_save_pred=False)
    assert len(result['predictions'][0]['scores']) == 5
    assert changed(tmp_path / 'vis' / 'clouds.png', image) > 0.005
    saved = json.loads((tmp_path / 'preds' / 'clouds.json').read_text())
    assert np.allclose(saved['scores'], result['predictions'][0]['scores'])


def test_mmseg_draws_the_classes_of_all_pixels(image, tmp_path):
    pytest.importorskip('mmseg')
    from mmseg.apis import MMSegInferencer

    config = CONFIGS / 'seg' / 'fpn_uniformer_s_h14_80k.py'
    weights = checkpoint_of(config, tmp_path)
    inferencer = MMSegInferencer(str(config), str(weights), device='cpu')
    result = inferencer(str(image), out_dir=str(tmp_path), opacity=0.9)
    labels = np.asarray(result['predictions'])
    assert labels.shape == SIZE
    palette = np.array(inferencer.model.dataset_meta['palette'])[labels][..., ::-1]
    drawn = cv2.imread(str(tmp_path / 'vis' / 'clouds.png'))
    blend = 0.9 * palette + 0.1 * cv2.imread(str(image))
    # Names of classes are written over some of the pixels.
    assert (np.abs(drawn - blend).max(-1) < 60).mean() > 0.6


def test_mmpose_draws_a_skeleton(image, tmp_path):
    pytest.importorskip('mmpose')
    from mmpose.apis import MMPoseInferencer

    config = CONFIGS / 'pose' / 'td_hm_uniformer_s_256x192.py'
    weights = checkpoint_of(config, tmp_path)
    inferencer = MMPoseInferencer(
        pose2d=str(config), pose2d_weights=str(weights), det_model='whole_image', device='cpu'
    )
    (result,) = inferencer(str(image), vis_out_dir=str(tmp_path), kpt_thr=0.0, return_vis=True)
    (person,) = result['predictions'][0]
    assert np.asarray(person['keypoints']).shape == (17, 2)
    assert np.allclose(person['bbox'][0], [0, 0, SIZE[1], SIZE[0]])
    assert changed(tmp_path / 'clouds.png', image) > 0.002
