"""Actions of persons, AVA: the config reads the data's files, trains a step and scores boxes."""

import pickle
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from mmengine.dataset import pseudo_collate
from mmengine.registry import DATASETS, METRICS

from configs import CONFIGS, build, check_step, load

pytest.importorskip('mmaction')
pytest.importorskip('mmdet')
CONFIG = CONFIGS / 'video' / 'fast_rcnn_uniformer_s_16x4_ava22_k400_pre.py'
HEIGHT, WIDTH = 72, 96
BOXES = {902: (0.1, 0.2, 0.5, 0.9), 903: (0.3, 0.1, 0.9, 0.8)}  # second → x1, y1, x2, y2
CLASSES = {902: 12, 903: 80}


@pytest.fixture
def config(tmp_path: Path):
    """The config on three seconds of a film, each second with a person who does one thing."""
    (tmp_path / 'film').mkdir()
    rng = np.random.RandomState(0)
    for number in range(1, 151):
        image = rng.randint(0, 256, (HEIGHT, WIDTH, 3)).astype(np.uint8)
        cv2.imwrite(f'{tmp_path}/film/img_{number:05}.jpg', image)
    rows = [(f'film,{second:04}', *BOXES[second], CLASSES[second], 0) for second in BOXES]
    (tmp_path / 'ann.csv').write_text('\n'.join(','.join(map(str, row)) for row in rows) + '\n')
    (tmp_path / 'excluded.csv').write_text('other,0902\n')
    proposals = {row[0]: np.array([[*row[1:5], 0.95]]) for row in rows}
    (tmp_path / 'proposals.pkl').write_bytes(pickle.dumps(proposals))
    names = [f'item {{\n  name: "action {n}"\n  id: {n}\n}}\n' for n in range(1, 81)]
    (tmp_path / 'labels.pbtxt').write_text(''.join(names))
    config = load(CONFIG)
    files = {
        'ann_file': f'{tmp_path}/ann.csv', 'exclude_file': f'{tmp_path}/excluded.csv',
        'label_file': f'{tmp_path}/labels.pbtxt',
    }  # fmt: skip
    for loader in (config.train_dataloader, config.test_dataloader):
        loader.dataset.update(
            **files, proposal_file=f'{tmp_path}/proposals.pkl', data_prefix=dict(img=str(tmp_path))
        )
        loader.dataset.pipeline[0].clip_len = 4
    config.test_evaluator.update(files)
    return config


def small(config):
    torch.manual_seed(0)
    return build(config, arch=dict(depths=(1, 1, 1, 1)), drop_path_rate=0.0)


def test_the_name_tells_size_frames_data_and_first_weights():
    config = load(CONFIG)
    backbone, data = config.model.backbone, config.train_dataloader.dataset
    assert (backbone.type, backbone.arch) == ('mmuniformer.UniFormer3D', 'small')
    assert 'uniformer-small_imagenet1k-pre_16x4x1_kinetics400' in backbone.init_cfg.checkpoint
    for loader in (config.train_dataloader, config.test_dataloader):
        sample = loader.dataset.pipeline[0]
        assert (sample.clip_len, sample.frame_interval) == (16, 4)
        assert loader.dataset.type == 'AVADataset' and loader.dataset.ann_file.endswith('v2.2.csv')
    assert config.test_evaluator.ann_file == config.test_dataloader.dataset.ann_file
    assert data.ann_file != config.test_evaluator.ann_file


def test_a_step_of_training_reaches_every_parameter(config):
    np.random.seed(0)
    model = small(config).train()
    clips = list(DATASETS.build(config.train_dataloader.dataset))
    data = model.data_preprocessor(pseudo_collate(clips), training=True)
    assert data['inputs'].shape == (2, 3, 4, 256, 256)
    (features,) = model.backbone(data['inputs'])
    assert features.shape == (2, 512, 2, 8, 8)
    check_step(model, data)


def test_boxes_pool_the_part_of_the_map_that_they_cover(config):
    model = small(config).eval()
    extractor = model.roi_head.bbox_roi_extractor
    features = torch.zeros(1, 512, 2, 8, 8)
    features[..., :4] = 1  # the left half of an image 256 pixels wide
    boxes = torch.tensor([[0, 0, 0, 96, 256], [0, 160, 0, 256, 256.0]])
    pooled, _ = extractor((features,), boxes)
    assert pooled[0].min() == pytest.approx(1) and pooled[1].max() == pytest.approx(0)


def test_every_box_gets_scores_of_80_actions_that_the_metric_takes(config, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # the metric writes a file for a moment
    model = small(config).eval()
    dataset = DATASETS.build(config.test_dataloader.dataset)
    metric = METRICS.build(config.test_evaluator)
    for clip, second in zip(dataset, BOXES, strict=True):
        data = model.data_preprocessor(pseudo_collate([clip]), training=False)
        with torch.no_grad():
            (sample,) = model(**data, mode='predict')
        (found,) = sample.pred_instances.bboxes
        torch.testing.assert_close(found, torch.tensor(BOXES[second]), rtol=1e-3, atol=1e-3)
        assert sample.pred_instances.scores.shape == (1, 81)
        # As a perfect model would say.
        sample.pred_instances.scores.zero_()[0, CLASSES[second]] = 1
        metric.process(None, [sample.to_dict()])
    assert metric.evaluate(2)['mAP/overall'] == pytest.approx(1)
