"""Heads of the released classifiers in mmpretrain's ImageClassifier, and their losses."""

import pytest
import torch
from reference import Case
from torch.nn import functional as F

pytest.importorskip('mmpretrain')

from mmengine.registry import init_default_scope
from mmpretrain.models import ImageClassifier
from mmpretrain.structures import DataSample

import mmuniformer  # noqa: F401
from mmuniformer.token_labeling import HourglassClsHead, TokenLabelHead, UniFormerClsHead
from mmuniformer.weights import CheckpointError

TOLERANCE = 1e-4  # of the output's standard deviation
MODELS = {
    'cls_large_ls_tl': (dict(type='UniFormer', arch='large_ls'), 'TokenLabelHead', 640),
    'cls_small': (dict(type='UniFormer', arch='small'), 'UniFormerClsHead', 512),
    'cls_xxs': (
        dict(type='UniFormerLight', arch='xxs', out_cls_token=True),
        'HourglassClsHead',
        448,
    ),
    'cls_xs': (dict(type='UniFormerLight', arch='xs', out_cls_token=True), 'HourglassClsHead', 512),
}


@pytest.fixture(autouse=True)
def scope():
    init_default_scope('mmpretrain')


@pytest.mark.parametrize(
    ('name', 'out_indices'), [*((name, 3) for name in MODELS), ('cls_small', (3,))]
)
def test_a_published_file_gives_the_released_classifiers_logits(tmp_path, name, out_indices):
    case = Case(name)
    torch.save({'model': case.state_dict()}, tmp_path / 'published.pth')
    init_cfg = dict(type='Pretrained', checkpoint=str(tmp_path / 'published.pth'))
    backbone, head, channels = MODELS[name]
    model = ImageClassifier(
        backbone=dict(backbone, out_indices=out_indices, out_norm='batch', init_cfg=init_cfg),
        head=dict(type=head, num_classes=1000, in_channels=channels, init_cfg=init_cfg),
    )
    model.init_weights()
    model.eval()
    with torch.no_grad():
        logits = model(case.input())
        assert max(case.output_errors([logits])) < TOLERANCE
        predicted = model(case.input(), mode='predict')
    assert [sample.pred_label.item() for sample in predicted] == logits.argmax(1).tolist()
    assert sum(parameter.numel() for parameter in model.parameters()) == case.params


@pytest.fixture
def maps():
    torch.manual_seed(0)
    return torch.randn(2, 8, 2, 3)


def soft_labels(*shape):
    return torch.rand(*shape).softmax(1)


def test_token_logits_add_half_of_the_maximum_over_positions(maps):
    head = TokenLabelHead(5, 8)
    head.init_weights()
    positions = maps.flatten(2).transpose(1, 2)  # (B, N, C)
    wanted = positions.mean(1) @ head.fc.weight.T + head.fc.bias
    wanted += 0.5 * (positions @ head.aux_fc.weight.T + head.aux_fc.bias).amax(1)
    torch.testing.assert_close(head((maps,)), wanted)


@pytest.mark.parametrize('weight', [1.0, 0.5])
def test_the_token_loss_is_the_mean_cross_entropy_over_images_and_positions(maps, weight):
    head = TokenLabelHead(5, 8, token_loss_weight=weight)
    scores, token_scores = soft_labels(2, 5), soft_labels(2, 5, 2, 3)
    samples = []
    for score, token_score in zip(scores, token_scores, strict=True):
        sample = DataSample().set_gt_score(score)
        sample.set_field(token_score, 'gt_token_score')
        samples.append(sample)
    losses = head.loss((maps,), samples)

    logits = head.fc(maps.mean((2, 3)))
    wanted = -(scores * logits.log_softmax(1)).sum() / 2
    assert losses['loss_cls'].item() == pytest.approx(wanted.item(), abs=1e-6)
    log_probs = head.aux_fc(maps.flatten(2).transpose(1, 2)).log_softmax(2)  # (B, N, K)
    wanted = -(token_scores.flatten(2).transpose(1, 2) * log_probs).sum(2).mean()
    assert losses['loss_token'].item() == pytest.approx(weight * wanted.item(), abs=1e-6)
    assert losses.keys() == {'loss_cls', 'loss_token'}


@pytest.mark.parametrize('soft', [False, True])
def test_the_hourglass_loss_is_half_of_the_maps_and_half_of_the_class_tokens(maps, soft):
    head = HourglassClsHead(5, 8)
    cls_token = torch.randn(2, 8)
    labels = torch.tensor([1, 4])
    scores = soft_labels(2, 5) if soft else F.one_hot(labels, 5).float()
    samples = [
        DataSample().set_gt_score(score) if soft else DataSample().set_gt_label(label)
        for score, label in zip(scores, labels, strict=True)
    ]
    for feats in ((maps, cls_token), ((maps, cls_token),)):
        losses = head.loss(feats, samples)
        for name, logits in (
            ('loss_map', head.fc(maps.mean((2, 3)))),
            ('loss_cls_token', head.fc_cls(cls_token)),
        ):
            wanted = -0.5 * (scores * logits.log_softmax(1)).sum() / 2
            assert losses[name].item() == pytest.approx(wanted.item(), abs=1e-6)
        torch.testing.assert_close(head(feats), head.fc(maps.mean((2, 3))))


def test_weights_start_as_in_the_released_code():
    torch.manual_seed(0)
    head = TokenLabelHead(1000, 512)
    head.init_weights()
    for layer in (head.fc, head.aux_fc):
        assert layer.weight.std().item() == pytest.approx(0.02, rel=0.01)
        assert layer.bias.abs().max().item() == 0


def test_maps_without_token_labels_or_with_others_are_refused(maps):
    head = TokenLabelHead(5, 8)
    sample = DataSample().set_gt_score(torch.ones(5) / 5)
    with pytest.raises(ValueError, match='TokenLabelDataPreprocessor'):
        head.loss((maps,), [sample, sample])
    sample.set_field(torch.ones(5, 7, 7) / 5, 'gt_token_score')
    with pytest.raises(ValueError, match=r'\(5, 7, 7\), .* \(5, 2, 3\)'):
        head.loss((maps,), [sample, sample])


def test_pooled_features_and_lone_maps_are_refused(maps):
    with pytest.raises(ValueError, match='leave the neck out'):
        UniFormerClsHead(5, 8)((maps.mean((2, 3)),))
    for feats in (maps, (maps,), (maps, maps)):
        with pytest.raises(ValueError, match='out_cls_token=True'):
            HourglassClsHead(5, 8)(feats)


def test_a_file_without_this_head_or_for_other_classes_is_refused(tmp_path):
    path = tmp_path / 'published.pth'
    torch.save({'head.weight': torch.zeros(7, 8), 'head.bias': torch.zeros(7)}, path)
    init_cfg = dict(type='Pretrained', checkpoint=str(path))
    with pytest.raises(CheckpointError, match=r'fc.weight: \(7, 8\) .* \(5, 8\)'):
        UniFormerClsHead(5, 8, init_cfg).init_weights()
    with pytest.raises(
        CheckpointError, match='(?s)aux_head for 7 classes.* missing: aux_fc.weight'
    ):
        TokenLabelHead(7, 8, init_cfg=init_cfg).init_weights()


@pytest.mark.parametrize(
    ('bias', 'message'),
    [
        (torch.tensor([0, 1, torch.nan, torch.inf, 0]), r'2 of 5 values of fc\.bias are NaN'),
        (torch.arange(5), r'fc\.bias is of torch\.int64, and weights are floating-point'),
    ],
)
def test_a_file_with_an_invalid_head_is_refused(bias, message, tmp_path):
    path = tmp_path / 'published.pth'
    torch.save({'head.weight': torch.zeros(5, 8), 'head.bias': bias}, path)
    head = UniFormerClsHead(5, 8, dict(type='Pretrained', checkpoint=str(path)))
    before = head.fc.weight.clone()
    with pytest.raises(CheckpointError, match=message):
        head.init_weights()
    assert torch.equal(head.fc.weight, before)
