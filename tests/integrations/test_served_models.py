"""Whole models of the toolboxes on the served operators of mmcv: the numbers of the compiled ones.

Thirty families, each from a config that a metafile names, with weights that NumPy makes from their
names. Record the numbers of the compiled operators, for stacks that have none, with
``PYTHONPATH=.:tests/support python tests/integrations/test_served_models.py --record``.
"""

import importlib
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from compiled_ext import find_compiled, operators_from, served
from forks import has_forks
from toolbox_models import build, predict
from torch import Tensor, nn

RECORD = Path(__file__).resolve().parents[1] / 'data' / 'served_models.json'
# The operators each model must call, beside its config.
FAMILIES = {
    'mmdet': {
        'carafe/faster-rcnn_r50_fpn-carafe_1x_coco': 'carafe nms roi_align',
        'cascade_rpn/cascade-rpn_faster-rcnn_r50-caffe_fpn_1x_coco': 'deform_conv nms roi_align',
        'centripetalnet/centripetalnet_hourglass104_16xb6-crop511-210e-mstest_coco': (
            'deform_conv softnms'
        ),
        'dcn/faster-rcnn_r50_fpn_dpool_1x_coco': 'deform_roi_pool nms',
        'dcnv2/faster-rcnn_r50_fpn_mdpool_1x_coco': 'deform_roi_pool nms',
        'ddq/ddq-detr-4scale_r50_8xb2-12e_coco': 'ms_deform_attn nms',
        'deformable_detr/deformable-detr_r50_16xb2-50e_coco': 'ms_deform_attn',
        'detectors/detectors_cascade-rcnn_r50_1x_coco': 'deform_conv nms roi_align',
        'dino/dino-4scale_r50_8xb2-12e_coco': 'ms_deform_attn',
        'dyhead/atss_r50_fpn_dyhead_1x_coco': 'modulated_deform_conv nms',
        'fcos/fcos_r50-dcn-caffe_fpn_gn-head-center-normbbox-centeronreg-giou_1x_coco': (
            'modulated_deform_conv nms'
        ),
        'guided_anchoring/ga-retinanet_r50-caffe_fpn_1x_coco': (
            'deform_conv masked_col2im masked_im2col nms'
        ),
        'htc/htc_r50_fpn_1x_coco': 'nms roi_align',
        'mask2former/mask2former_r50_8xb2-lsj-50e_coco': 'ms_deform_attn',
        'mask_rcnn/mask-rcnn_r50_fpn_1x_coco': 'nms roi_align',
        'point_rend/point-rend_r50-caffe_fpn_ms-1x_coco': 'nms roi_align',
        'queryinst/queryinst_r50_fpn_1x_coco': 'roi_align',
        'reppoints/reppoints-moment_r50_fpn_1x_coco': 'deform_conv nms',
        'retinanet/retinanet_r18_fpn_1x_coco': 'nms',
        'rtmdet/rtmdet-ins_tiny_8xb32-300e_coco': 'nms',
        'tood/tood_r50_fpn_1x_coco': 'deform_conv nms',
        'vfnet/vfnet_r50-mdconv-c3-c5_fpn_ms-2x_coco': 'deform_conv modulated_deform_conv nms',
        'yolox/yolox_tiny_8xb8-300e_coco': 'nms',
    },
    'mmseg': {
        'ccnet/ccnet_r50-d8_4xb2-40k_cityscapes-512x1024': '',
        'psanet/psanet_r50-d8_4xb2-40k_cityscapes-512x1024': 'psamask',
    },
    'mmpose': {
        'body_2d_keypoint/dekr/coco/dekr_hrnet-w32_8xb10-140e_coco-512x512': 'deform_conv',
        'body_2d_keypoint/edpose/coco/edpose_res50_8xb2-50e_coco-800x1333': 'ms_deform_attn',
    },
    'mmaction': {
        'detection/slowfast/slowfast_kinetics400-pretrained-r50_8xb8-8x8x1-20e_ava21-rgb': (
            'roi_align'
        ),
        'detection/slowonly/slowonly_kinetics400-pretrained-r50_8xb16-4x16x1-20e_ava21-rgb': (
            'roi_align'
        ),
        'recognition/tin/tin_imagenet-pretrained-r50_8xb6-1x1x8-40e_sthv2-rgb': 'tin_shift',
    },
}
NAMES = [f'{toolbox}::{path}' for toolbox, paths in FAMILIES.items() for path in paths]


def im2col(im, mask_h_idx, mask_w_idx, col, kernel_h, kernel_w, pad_h, pad_w):
    columns = F.unfold(im, (kernel_h, kernel_w), padding=(pad_h, pad_w))[0]
    col.copy_(columns[:, mask_h_idx * im.shape[3] + mask_w_idx])


def col2im(col, mask_h_idx, mask_w_idx, im, height, width, channels):
    im.view(channels, -1)[:, mask_h_idx * width + mask_w_idx] = col


def carafe(features, masks, _0, _1, _2, output, kernel_size, group_size, scale_factor):
    n, _, height, width = output.shape
    patches = F.unfold(features, kernel_size, padding=kernel_size // 2)
    patches = F.interpolate(patches.unflatten(2, features.shape[2:]), scale_factor=scale_factor)
    patches = patches.view(n, group_size, -1, kernel_size**2, height, width)
    masks = masks.view(n, group_size, 1, kernel_size**2, height, width)
    output.copy_((patches * masks).sum(3).view_as(output))


def tin_shift(frames, shift, output):
    for clip, moves in enumerate(shift.tolist()):
        groups = frames[clip].chunk(len(moves), 1), output[clip].chunk(len(moves), 1)
        for by, source, target in zip(moves, *groups, strict=True):
            for t in range(max(by, 0), len(source) + min(by, 0)):
                target[t] = source[t - by]


def deform_roi_pool(maps, rois, offset, output, spatial_scale, sampling_ratio, gamma, **sizes):
    """Move the whole region for each of its bins, and keep that one bin."""
    shape = (sizes['pooled_height'], sizes['pooled_width'])
    offset = offset if offset.numel() else rois.new_zeros(len(rois), 2, *shape)
    by = gamma * offset.flatten(2) * (rois[:, 3:] - rois[:, 1:3])[:, :, None]
    moved = rois[:, None].repeat(1, by.shape[2], 1)
    moved[..., 1:] += by.transpose(1, 2).repeat(1, 1, 2)
    pool = importlib.import_module('mmcv.ops').roi_align
    bins = pool(maps, moved.flatten(0, 1), shape, spatial_scale, sampling_ratio, 'avg', True)
    bins = bins.view(len(rois), by.shape[2], -1, by.shape[2])
    output.copy_(bins.diagonal(dim1=1, dim2=3).reshape(output.shape))


# What mmcv compiles for CUDA alone, in another form than ours.
PLAIN = dict(masked_im2col_forward=im2col, masked_col2im_forward=col2im, carafe_forward=carafe)
PLAIN.update(tin_shift_forward=tin_shift, deform_roi_pool_forward=deform_roi_pool)
ATTENTION = 'mmcv.ops.multi_scale_deform_attn'


class Watched:
    """Operators, and the names of those that were asked for."""

    def __init__(self, operators: Any) -> None:
        self.operators, self.asked = operators, set()

    def __getattr__(self, name: str) -> Any:
        self.asked.add(name.removesuffix('_forward'))
        return getattr(self.operators, name)


def attend(value: Tensor, shapes: Tensor, locations: Tensor, weights: Tensor) -> Tensor:
    """Do on the CPU what mmcv does elsewhere: call the operator."""
    function = importlib.import_module(ATTENTION).MultiScaleDeformableAttnFunction
    starts = torch.cat([shapes.new_zeros(1), shapes.prod(1).cumsum(0)[:-1]])
    return function.apply(value, shapes, starts, locations, weights, 64)


def run_served(name: str, model: nn.Module) -> dict[str, Tensor]:
    operators = Watched(served())
    with pytest.MonkeyPatch.context() as patch, operators_from(operators):
        patch.setattr(f'{ATTENTION}.multi_scale_deformable_attn_pytorch', attend)
        outputs = predict(name, model)
    toolbox, path = name.split('::')
    assert operators.asked == set(FAMILIES[toolbox][path].split())
    return outputs


def run_compiled(name: str, model: nn.Module) -> dict[str, Tensor]:
    """Run with mmcv's own operators; it has its own form of attention for the CPU."""
    with operators_from(SimpleNamespace(**{**vars(find_compiled()), **PLAIN})):
        return predict(name, model)


def summary(values: Tensor) -> list[float]:
    """Return what is recorded: how many numbers, mean, deviation, and some of them."""
    flat = values.double().flatten()
    some = flat[:: max(1, len(flat) // 3)][:4].tolist()
    return [len(flat), flat.mean().item(), flat.std(correction=0).item(), *some]


@pytest.fixture(scope='module')
def recorded() -> dict[str, dict[str, list[float]]]:
    return json.loads(RECORD.read_text())


def assert_same(actual: dict[str, Tensor], expected: dict[str, Tensor]) -> None:
    assert list(actual) == list(expected)
    for key, values in expected.items():
        if values.dtype == torch.bool:  # a pixel may be as near to the threshold as rounding
            assert (actual[key] != values).float().mean() <= 1e-4, key
            continue
        near = dict(rtol=1e-4, atol=1e-4 * values.double().std(correction=0).item())
        torch.testing.assert_close(
            actual[key], values, **near, msg=lambda m, key=key: f'{key}: {m}'
        )


@pytest.mark.parametrize('name', NAMES)
def test_a_model_predicts_the_same_on_served_operators(name: str, recorded: dict) -> None:
    model = build(name)
    actual = run_served(name, model)
    assert all(values.numel() and values.isfinite().all() for values in actual.values())
    if find_compiled():
        assert_same(actual, run_compiled(name, model))
    if 'dino/' in name and has_forks():
        # The fork's DINO selects other queries than mmdet 3.3: compare with mmcv's own Python form.
        assert_same(actual, predict(name, model))
        return
    assert sorted(actual) == sorted(recorded[name])
    for key, expected in recorded[name].items():
        count, *found = summary(actual[key])
        assert count == expected[0]
        assert found == pytest.approx(expected[1:], rel=1e-3, abs=1e-3 * expected[2]), key


if __name__ == '__main__':
    record = {}
    for name in NAMES:
        outputs = run_compiled(name, build(name))
        record[name] = {key: summary(values) for key, values in sorted(outputs.items())}
    RECORD.write_text(json.dumps(record, indent=1) + '\n')
