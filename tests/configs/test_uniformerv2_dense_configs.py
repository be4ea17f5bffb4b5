"""UniFormerV2 on images: a classifier, a detector, a segmenter and a pose estimator."""

import re

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.optim import build_optim_wrapper
from mmengine.registry import MODELS

from configs import CONFIGS, build, check_step, load

NAMES = {
    'mmpretrain': 'cls/uniformerv2_b16_in1k',
    'mmdet': 'det/mask_rcnn_uniformerv2_b16_1x',
    'mmseg': 'seg/upernet_uniformerv2_b16_160k',
    'mmpose': 'pose/td_hm_uniformerv2_b16_256x192',
}
# Layer decay, learning rate, weight decay, batch of 8 GPUs, drop path.
RECIPES = {
    'mmpretrain': (0.6, 6e-4, 0.05, 2048, 0.0),
    'mmdet': (0.7, 1e-4, 0.05, 16, 0.1),
    'mmseg': (0.65, 1e-4, 0.05, 16, 0.1),
    'mmpose': (0.75, 5e-4, 0.1, 512, 0.3),
}
CLIP = 'uniformerv2/clipVisualEncoder/vit-base-p16-res224_clip-rgb_20221219-b8a5da86.pth'
SMALL = dict(depth=12, dim=64, head_dim=16, global_head_dim=16)


@pytest.fixture(params=NAMES)
def toolbox(request) -> str:
    pytest.importorskip(request.param)
    torch.manual_seed(0)
    return request.param


def config_of(toolbox: str) -> Config:
    config = load(CONFIGS / f'{NAMES[toolbox]}.py')
    if toolbox == 'mmpretrain':  # as a Runner does
        config.model.data_preprocessor = dict(config.data_preprocessor, type='ClsDataPreprocessor')
    return config


def small(toolbox: str, **backbone) -> torch.nn.Module:
    """The model with all of its layers, a twelfth of the width, and few regions."""
    config = config_of(toolbox)
    model = config.model
    if toolbox == 'mmdet':
        model.neck.in_channels = SMALL['dim']
        for cfg in (model.train_cfg.rpn_proposal, model.test_cfg.rpn):
            cfg.max_per_img = 50
        model.train_cfg.rcnn.sampler.num = 16
        model.test_cfg.rcnn.update(score_thr=0.0, max_per_img=10)
    elif toolbox == 'mmseg':
        model.neck.embed_dim = model.auxiliary_head.in_channels = SMALL['dim']
        model.decode_head.update(in_channels=[SMALL['dim']] * 4, channels=32)
        model.data_preprocessor.size = (64, 96)
    else:
        model.head.in_channels = SMALL['dim']
    return build(config, arch=SMALL, **backbone)


def inputs_for(toolbox: str, model: torch.nn.Module, shape=(64, 96), training=True) -> dict:
    return model.data_preprocessor(DATA[toolbox](shape), training)


def images(shape: tuple[int, int]) -> list[torch.Tensor]:
    rng = np.random.RandomState(0)
    return [torch.from_numpy(rng.randint(0, 256, (3, *shape)).astype(np.uint8)) for _ in range(2)]


def _mmpretrain_data(shape) -> dict:
    from mmpretrain.structures import DataSample

    samples = [DataSample().set_gt_label(label) for label in (7, 999)]
    return dict(inputs=torch.stack(images(shape)), data_samples=samples)


def _mmdet_data(shape) -> dict:
    from mmdet.testing import demo_mm_inputs

    return demo_mm_inputs(2, [[3, *shape]] * 2, num_items=[3, 2], num_classes=80, with_mask=True)


def _mmseg_data(shape) -> dict:
    from mmengine.structures import PixelData
    from mmseg.structures import SegDataSample

    samples = []
    for _ in range(2):
        sample = SegDataSample(metainfo=dict(img_shape=shape, ori_shape=shape))
        sample.gt_sem_seg = PixelData(data=torch.randint(0, 150, (1, *shape)))
        samples.append(sample)
    return dict(inputs=images(shape), data_samples=samples)


def _mmpose_data(shape) -> dict:
    from mmpose.testing import get_packed_inputs

    return get_packed_inputs(
        2, num_keypoints=17, img_shape=(256, 192), input_size=(192, 256), heatmap_size=(48, 64)
    )


DATA = {
    'mmpretrain': _mmpretrain_data,
    'mmdet': _mmdet_data,
    'mmseg': _mmseg_data,
    'mmpose': _mmpose_data,
}


def test_every_part_learns_from_an_image_and_the_zero_layers_of_new_parts_first(toolbox):
    model = small(toolbox, drop_path_rate=0.0).train()
    check_step(model, inputs_for(toolbox, model))
    silent = {
        re.sub(r'\d+', '*', name.removeprefix('backbone.transformer.'))
        for name, parameter in model.named_parameters()
        if name.startswith('backbone.') and not parameter.grad.abs().max() > 0
    }
    assert silent == (AFTER_ZERO if toolbox == 'mmpretrain' else set())


# What a global UniBlock has in front of a layer that starts at zero.
AFTER_ZERO = {
    *(f'dec.*.{leaf}' for leaf in ('attn.in_proj_weight', 'attn.in_proj_bias')),
    *(f'dec.*.ln_*.{leaf}' for leaf in ('weight', 'bias')),
    *('dec.*.mlp.c_fc.weight', 'dec.*.mlp.c_fc.bias', 'dpe.*.weight', 'dpe.*.bias'),
}


def test_a_step_of_the_optimizer_moves_every_parameter_that_has_a_gradient(toolbox):
    model = small(toolbox, drop_path_rate=0.0).train()
    config = config_of(toolbox).optim_wrapper
    wrapper = build_optim_wrapper(model, dict(config, type='OptimWrapper'))
    before = {name: parameter.clone() for name, parameter in model.named_parameters()}
    loss, _ = model.parse_losses(model(**inputs_for(toolbox, model), mode='loss'))
    loss.backward()
    moving = {n for n, p in model.named_parameters() if p.grad.abs().max() > 0}
    wrapper.step()
    moved = {n for n, p in model.named_parameters() if not torch.equal(p, before[n])}
    assert moving <= moved
    # Decay alone shrinks the others, unless they are zero already.
    assert all(before[name].abs().max() > 0 for name in moved - moving)


def test_layers_learn_slower_with_every_layer_down_and_positions_are_not_decayed(toolbox):
    decay, rate, weight_decay, batch, drop_path = RECIPES[toolbox]
    config = config_of(toolbox)
    config.model.data_preprocessor = None
    with torch.device('meta'):
        model = MODELS.build(config.model)
    groups = build_optim_wrapper(model, config.optim_wrapper).optimizer.param_groups
    of = {id(p): (g['lr'], g['weight_decay']) for g in groups for p in g['params']}
    of = {name: of[id(parameter)] for name, parameter in model.named_parameters()}
    net = 'backbone.transformer.resblocks'
    assert of['backbone.conv1.weight'] == pytest.approx((rate * decay**13, weight_decay))
    assert of['backbone.positional_embedding'] == pytest.approx((rate * decay**13, 0))
    assert of[f'{net}.0.attn.in_proj_weight'] == pytest.approx((rate * decay**12, weight_decay))
    assert of[f'{net}.11.mlp.c_fc.weight'] == pytest.approx((rate * decay, weight_decay))
    assert of[f'{net}.11.ln_1.weight'] == pytest.approx((rate * decay, 0))
    heads = {value for name, value in of.items() if not name.startswith('backbone.')}
    assert {lr for lr, _ in heads} == {rate} and {wd for _, wd in heads} == {0, weight_decay}
    assert config.model.backbone.get('drop_path_rate', 0.0) == drop_path
    assert config.auto_scale_lr.base_batch_size == batch == 8 * config.train_dataloader.batch_size
    assert not config.auto_scale_lr.get('enable', False)


def test_training_starts_from_clip_with_the_means_of_its_images(toolbox):
    config = config_of(toolbox)
    backbone = config.model.backbone
    assert (backbone.type, backbone.arch) == ('UniFormerV2', 'b16')
    assert backbone.init_cfg.type == 'Pretrained' and backbone.init_cfg.checkpoint.endswith(CLIP)
    mean = [0.48145466, 0.4578275, 0.40821073]
    std = [0.26862954, 0.26130258, 0.27577711]
    preprocessor = config.model.data_preprocessor
    assert np.allclose(np.divide(preprocessor['mean'], 255), mean, atol=2e-6)
    assert np.allclose(np.divide(preprocessor['std'], 255), std, atol=2e-6)


def test_a_header_gives_the_command_and_says_that_there_is_no_published_number(toolbox):
    path = CONFIGS / f'{NAMES[toolbox]}.py'
    _, header, body = path.read_text().split('"""')
    assert 'No published number' in header
    assert f'    mim train {toolbox} configs/{NAMES[toolbox]}.py\n' in header
    assert len([line for line in body.splitlines() if line.strip()]) <= 15


def predict(toolbox: str, model: torch.nn.Module, shape: tuple[int, int]) -> tuple[dict, list]:
    data = inputs_for(toolbox, model.eval(), shape, training=False)
    with torch.no_grad():
        return data, model(**data, mode='predict')


def test_a_classifier_is_a_linear_layer_on_the_feature_of_a_clip_of_one_frame():
    pytest.importorskip('mmpretrain')
    model = small('mmpretrain')
    data, samples = predict('mmpretrain', model, (64, 96))
    with torch.no_grad():
        feature = model.backbone(data['inputs'].unsqueeze(2))
    assert len(model.backbone.transformer.dec) == 4
    scores = torch.stack([sample.pred_score for sample in samples])
    torch.testing.assert_close(scores, model.head.fc(feature).softmax(1))


def test_a_detector_pads_any_image_to_patches_and_finds_boxes_in_the_image_itself():
    pytest.importorskip('mmdet')
    data, samples = predict('mmdet', small('mmdet'), (70, 101))
    assert data['inputs'].shape[2:] == (96, 128)
    for sample in samples:
        boxes = sample.pred_instances.bboxes
        assert 0 < len(boxes) <= 10
        assert boxes.min() >= 0
        assert (boxes.max(0).values <= torch.tensor([101, 70] * 2)).all()
        assert sample.pred_instances.masks.shape == (len(boxes), 70, 101)


def test_a_segmenter_pads_any_image_to_patches_and_labels_the_pixels_of_the_image_itself():
    pytest.importorskip('mmseg')
    model = small('mmseg')
    data, samples = predict('mmseg', model, (70, 101))
    assert data['inputs'].shape[2:] == (80, 112)
    with torch.no_grad():
        whole = model.encode_decode(data['inputs'], [sample.metainfo for sample in samples])
    for sample, logits in zip(samples, whole, strict=True):
        torch.testing.assert_close(sample.seg_logits.data, logits[:, :70, :101])
        assert torch.equal(sample.pred_sem_seg.data[0], logits[:, :70, :101].argmax(0))


def test_a_segmenter_takes_the_mean_of_overlapping_crops():
    pytest.importorskip('mmseg')
    model = small('mmseg').eval()
    model.test_cfg.update(crop_size=(64, 64), stride=(48, 48))
    image = torch.randn(1, 3, 64, 112)
    meta = [dict(img_shape=(64, 112), ori_shape=(64, 112))]
    with torch.no_grad():
        found = model.inference(image, meta)
        left, right = (model.encode_decode(image[..., x : x + 64], meta) for x in (0, 48))
    torch.testing.assert_close(found[..., :48], left[..., :48])
    torch.testing.assert_close(found[..., 48:64], (left[..., 48:] + right[..., :16]) / 2)
    torch.testing.assert_close(found[..., 64:], right[..., 16:])


def test_a_pose_estimator_finds_peaks_of_heatmaps_of_a_quarter_of_the_sides():
    pytest.importorskip('mmpose')
    model = small('mmpose')
    data, samples = predict('mmpose', model, (256, 192))
    with torch.no_grad():
        features = model.extract_feat(data['inputs'])
        heatmaps = model.head(features)
    assert features[0].shape == (2, 64, 16, 12) and heatmaps.shape == (2, 17, 64, 48)
    assert all(sample.pred_instances.keypoints.shape == (1, 17, 2) for sample in samples)


@pytest.mark.parametrize('name', ['mmdet', 'mmseg', 'mmpose'])
def test_sides_that_patches_do_not_divide_are_refused_by_the_backbone_itself(name):
    pytest.importorskip(name)
    backbone = small(name).backbone
    with pytest.raises(ValueError, match='30×64, not in patches of 16×16; resize or pad it'):
        backbone(torch.zeros(1, 3, 30, 64))
    assert [tuple(x.shape[2:]) for x in backbone(torch.zeros(1, 3, 48, 80))] == [(3, 5)] * len(
        backbone.out_indices
    )


def test_the_pyramid_of_a_detector_has_the_strides_of_its_anchors():
    pytest.importorskip('mmdet')
    model = small('mmdet').eval()
    with torch.no_grad():
        maps = model.extract_feat(torch.randn(1, 3, 96, 128))
    strides = [stride for stride, _ in model.rpn_head.prior_generator.strides]
    assert [tuple(x.shape[2:]) for x in maps] == [(96 // s, 128 // s) for s in strides[:4]] + [
        (2, 2)
    ]


def test_mmdet_pads_in_units_of_patches_and_mmseg_in_training_and_test():
    det, seg = (config_of(name).model.data_preprocessor for name in ('mmdet', 'mmseg'))
    assert det.pad_size_divisor % 16 == 0
    assert tuple(seg.size) == (512, 512) and seg.test_cfg.size_divisor == 16
