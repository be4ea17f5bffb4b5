"""Inferencers in threads of one process: each gives what it gives alone."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.registry import DefaultScope

from configs import CONFIGS

IMAGES = [
    np.random.RandomState(seed).randint(0, 256, (96, 128 + 16 * seed, 3)).astype(np.uint8)
    for seed in range(4)
]
ROUNDS = 3
SMALL = 'dict(depths=(1, 1, 2, 1), dims=(8, 16, 24, 32), head_dim=8)'


def config(folder: Path, name: str, base: str, body: str) -> str:
    path = folder / f'{name}.py'
    path.write_text(f"_base_ = '{CONFIGS / base}'\n{body}\n")
    return str(path)


def classifier(folder: Path, name: str, arch: str) -> Callable[[np.ndarray], np.ndarray]:
    from mmpretrain import ImageClassificationInferencer

    body = f'model = dict(backbone=dict(arch={arch}), head=dict(in_channels=32))'
    path = config(folder, name, 'cls/mini_uniformer_s_in1k.py', body)
    inferencer = ImageClassificationInferencer(path, pretrained=False, device='cpu')
    shake(inferencer.model)
    return lambda image: inferencer(image)[0]['pred_scores']


def detector(folder: Path) -> Callable[[np.ndarray], np.ndarray]:
    from mmdet.apis import DetInferencer

    path = str(CONFIGS / 'det' / 'mini_mask_rcnn_uniformer_s_h14.py')
    inferencer = DetInferencer(path, device='cpu', show_progress=False)
    shake(inferencer.model)
    inferencer.model.test_cfg.rcnn.update(score_thr=0.0, max_per_img=5)

    def detect(image: np.ndarray) -> np.ndarray:
        (found,) = inferencer(image, no_save_vis=True)['predictions']
        boxes = found['bboxes']
        return np.array([[*box, score] for box, score in zip(boxes, found['scores'], strict=True)])

    return detect


def shake(model: torch.nn.Module) -> None:
    """Make outputs depend on the image."""
    torch.manual_seed(0)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += 0.1 * parameter.abs().mean() * torch.randn_like(parameter)


def in_turn(inferencers: list[Callable]) -> list[list[np.ndarray]]:
    return [[infer(image) for image in IMAGES * ROUNDS] for infer in inferencers]


def at_once(inferencers: list[Callable]) -> list[list[np.ndarray]]:
    """The same, a thread for each, which begin together."""
    start = threading.Barrier(len(inferencers))

    def work(infer: Callable) -> list[np.ndarray]:
        start.wait(60)
        return [infer(image) for image in IMAGES * ROUNDS]

    with ThreadPoolExecutor(len(inferencers)) as pool:
        return list(pool.map(work, inferencers))


def differences(alone: list, together: list) -> float:
    return max(
        float(np.abs(a - b).max())
        for one, other in zip(alone, together, strict=True)
        for a, b in zip(one, other, strict=True)
    )


def test_two_classifiers_in_two_threads_agree_with_each_alone(tmp_path):
    pytest.importorskip('mmpretrain')
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        pair = [
            classifier(tmp_path, 'one', SMALL),
            classifier(tmp_path, 'other', SMALL.replace('(1, 1, 2, 1)', '(1, 2, 1, 1)')),
        ]
        alone = in_turn(pair)
    assert np.ptp([scores[0] for scores in alone[0]]) > 1e-4
    assert differences([alone[0]], [alone[1]]) > 1e-4
    assert differences(alone, at_once(pair)) <= 1e-6


def test_a_classifier_and_a_detector_in_two_threads_agree_with_each_alone(tmp_path):
    pytest.importorskip('mmpretrain')
    pytest.importorskip('mmdet')
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        first = classifier(tmp_path, 'one', SMALL)
    with DefaultScope.overwrite_default_scope('mmdet'):
        second = detector(tmp_path)
    alone = [*in_turn([first]), *in_turn([second])]
    assert differences(alone, at_once([first, second])) <= 1e-6
