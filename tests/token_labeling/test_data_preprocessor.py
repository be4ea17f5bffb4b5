"""A training step from files, with mmpretrain's data set, pipeline and classifier."""

import numpy as np
import pytest
import torch

pytest.importorskip('mmpretrain')

import mmcv
from mmengine.dataset import pseudo_collate
from mmengine.registry import init_default_scope
from mmpretrain.datasets import CustomDataset
from mmpretrain.models import ImageClassifier
from mmpretrain.registry import MODELS
from mmpretrain.structures import DataSample

import mmuniformer  # noqa: F401
from mmuniformer.token_labeling import TokenLabelDataPreprocessor
from mmuniformer.token_labeling.label_maps import token_targets, top_classes, write_label_map

CLASSES, SIZE = 6, 64
PIPELINE = [
    dict(type='LoadImageFromFile'),
    dict(type='LoadLabelMap', label_root='label_maps'),
    dict(
        type='WithLabelMap',
        transforms=[
            dict(type='RandomFlip', prob=0.5),
            dict(
                type='RandAugment',
                policies='timm_increasing',
                num_policies=2,
                magnitude_level=9,
                magnitude_std=0.5,
            ),
            dict(type='RandomResizedCrop', scale=SIZE),
        ],
    ),
    dict(type='RandomErasing', erase_prob=0.25, mode='rand'),
    dict(type='PackInputs', algorithm_keys=['label_map', 'label_map_box']),
]
PREPROCESSOR = dict(
    type='TokenLabelDataPreprocessor',
    num_classes=CLASSES,
    mean=[127.5] * 3,
    std=[127.5] * 3,
    to_rgb=True,
)


@pytest.fixture(autouse=True)
def scope():
    init_default_scope('mmpretrain')


@pytest.fixture
def images(tmp_path, monkeypatch):
    """Draw four images of two classes, with label maps of 6 × 6 cells."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.RandomState(0)
    for number, name in enumerate(['ring/a', 'ring/b', 'star/a', 'star/b']):
        image = rng.randint(0, 256, (5, 6, 3), np.uint8).repeat(16, 0).repeat(16, 1)
        mmcv.imwrite(image, f'train/{name}.png')
        logits = torch.randn(1, CLASSES, 6, 6, generator=torch.Generator().manual_seed(number))
        write_label_map(f'label_maps/{name}.pt', top_classes(logits, 3)[0])
    return CustomDataset(data_prefix='train', pipeline=PIPELINE, with_label=True)


def test_a_training_step_reaches_both_heads_and_the_backbone(images):
    torch.manual_seed(0)
    np.random.seed(0)
    model = ImageClassifier(
        data_preprocessor=dict(PREPROCESSOR, mix_token=dict(alpha=1.0)),
        backbone=dict(
            type='UniFormer',
            arch=dict(depths=(1, 1, 1, 1), dims=(8, 8, 16, 16), head_dim=8),
            out_indices=3,
            out_norm='batch',
            drop_path_rate=0.1,
        ),
        head=dict(type='TokenLabelHead', num_classes=CLASSES, in_channels=16),
    )
    model.init_weights()
    data = model.data_preprocessor(pseudo_collate([images[index] for index in range(4)]), True)
    losses = model(**data, mode='loss')
    loss, log = model.parse_losses(losses)
    loss.backward()
    assert log.keys() == {'loss', 'loss_cls', 'loss_token'}
    # An untrained head has the entropy of the uniform distribution.
    assert log['loss_cls'].item() == pytest.approx(np.log(CLASSES), abs=0.1)
    assert log['loss_token'].item() == pytest.approx(np.log(CLASSES), abs=0.1)
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None and parameter.grad.isfinite().all(), name
    for layer in (model.head.fc, model.head.aux_fc):
        assert layer.weight.grad.norm().item() > 1e-3
    with torch.no_grad():  # a step against the gradient
        for parameter in model.parameters():
            parameter -= 0.1 * parameter.grad
    assert model.parse_losses(model(**data, mode='loss'))[0].item() < loss.item()


def make_data(boxes):
    generator = torch.Generator().manual_seed(0)
    inputs = [
        torch.randint(0, 256, (3, 64, 96), dtype=torch.uint8, generator=generator) for _ in boxes
    ]
    samples = []
    for box in boxes:
        sample = DataSample().set_gt_label(1)
        label_map = top_classes(torch.randn(1, CLASSES, 4, 4, generator=generator), 3)[0].float()
        sample.set_field(label_map.numpy(), 'label_map')
        sample.set_field(np.array(box, np.float32), 'label_map_box')
        samples.append(sample)
    return {'inputs': inputs, 'data_samples': samples}


BOXES = [[0, 0, 1, 1], [0.1, 0.2, 0.6, 0.9]]


@pytest.mark.parametrize('transpose_boxes', [False, True])
def test_samples_get_the_targets_of_their_box_at_the_tokens_of_the_input(transpose_boxes):
    preprocessor = MODELS.build(dict(PREPROCESSOR, transpose_boxes=transpose_boxes))
    given = make_data(BOXES)
    data = preprocessor(make_data(BOXES), training=True)
    labels, tokens = token_targets(
        torch.stack([torch.from_numpy(sample.label_map) for sample in given['data_samples']]),
        torch.tensor(BOXES),
        CLASSES,
        (2, 3),
        smoothing=0.1,
        transpose_boxes=transpose_boxes,
    )
    for sample, label, token in zip(data['data_samples'], labels, tokens, strict=True):
        assert torch.equal(sample.gt_score, label)
        assert torch.equal(sample.gt_token_score, token)
        assert sample.gt_score.sum().item() == pytest.approx(1, abs=1e-6)
    rgb = (given['inputs'][0].flip(0).float() - 127.5) / 127.5
    assert torch.equal(data['inputs'][0], rgb)


def test_mixing_is_for_training_and_keeps_pixels_and_labels_together():
    preprocessor = MODELS.build(dict(PREPROCESSOR, mix_token={}))
    plain = MODELS.build(PREPROCESSOR)
    unmixed = plain(make_data(BOXES), training=True)
    np.random.seed(1)
    mixed = preprocessor(make_data(BOXES), training=True)
    other = (mixed['inputs'][0] == unmixed['inputs'][1]).all(0)
    other = other.unfold(0, 32, 32).unfold(1, 32, 32).all(-1).all(-1)  # by tokens
    assert 0 < other.sum() < other.numel()
    tokens = [sample.gt_token_score for sample in unmixed['data_samples']]
    wanted = torch.where(other, tokens[1], tokens[0])
    assert torch.equal(mixed['data_samples'][0].gt_token_score, wanted)
    share = other.float().mean()
    wanted = (1 - share) * unmixed['data_samples'][0].gt_score
    wanted = wanted + share * unmixed['data_samples'][1].gt_score
    torch.testing.assert_close(mixed['data_samples'][0].gt_score, wanted)

    tested = preprocessor(make_data(BOXES), training=False)
    assert torch.equal(tested['inputs'], unmixed['inputs'])
    assert 'gt_score' not in tested['data_samples'][0]


def test_errors_say_what_to_do():
    with pytest.raises(ValueError, match='use mix_token'):
        TokenLabelDataPreprocessor(CLASSES, batch_augments=dict(augments=dict(type='CutMix')))
    with pytest.raises(ValueError, match='label_smoothing 1'):
        TokenLabelDataPreprocessor(CLASSES, label_smoothing=1.0)
    with pytest.raises(ValueError, match='not a multiple'):
        TokenLabelDataPreprocessor(CLASSES, token_stride=30, mix_token={})
    preprocessor = TokenLabelDataPreprocessor(CLASSES)
    data = make_data(BOXES)
    del data['data_samples'][1].label_map
    with pytest.raises(ValueError, match='no label_map: .* algorithm_keys'):
        preprocessor(data, training=True)
    data = make_data(BOXES)
    data['data_samples'][1].set_field(np.zeros((2, 3, 5, 5), np.float32), 'label_map')
    with pytest.raises(ValueError, match='different shapes'):
        preprocessor(data, training=True)
