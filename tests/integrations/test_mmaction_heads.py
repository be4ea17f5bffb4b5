"""The light nets' head for mmaction2: released logits, and half a loss for each layer."""

import pytest
import torch
from reference import Case

import mmuniformer  # noqa: F401

pytest.importorskip('mmaction')
TINY = {'depths': (1, 1, 2, 1), 'dims': (8, 16, 32, 32), 'head_dim': 8}


def recognizer(
    mmaction_models, arch, in_channels: int, num_classes: int, **head
) -> torch.nn.Module:
    return mmaction_models.build(
        {
            'type': 'Recognizer3D',
            'backbone': {
                'type': 'UniFormerLight3D', 'arch': arch, 'out_indices': 3, 'out_cls_token': True,
            },
            'cls_head': {
                'type': 'HourglassI3DHead', 'num_classes': num_classes, 'dropout_ratio': 0.0,
                'in_channels': in_channels, 'average_clips': 'score', **head,
            },
        }
    )  # fmt: skip


def samples(labels: list[int]) -> list:
    from mmaction.structures import ActionDataSample

    return [ActionDataSample().set_gt_label(label) for label in labels]


def test_the_released_light_video_model_gives_its_recorded_logits(mmaction_models):
    case = Case('video_xxs')
    model = recognizer(mmaction_models, 'xxs', 448, 400).eval()
    heads = {'head': 'cls_head.fc_cls', 'head_cls': 'cls_head.fc_cls_token'}
    state = {}
    for key, value in case.state_dict().items():
        first, _, rest = key.partition('.')
        state[f'{heads[first]}.{rest}' if first in heads else f'backbone.{key}'] = value
    model.load_state_dict(state)
    with torch.no_grad():
        logits = model.cls_head(model.backbone(case.input()))
    assert max(case.output_errors([logits])) < 1e-4
    assert sum(p.numel() for p in model.parameters()) == case.params


def test_a_released_file_permuted_by_the_tool_scores_under_the_names_of_classes(
    mmaction_models,
):
    from mmuniformer.apis.conversion import permute_head
    from mmuniformer.weights.class_names import official_rows

    case = Case('video_xxs')
    permuted = permute_head(case.state_dict(), 'kinetics400')
    model = recognizer(mmaction_models, 'xxs', 448, 400).eval()
    model.load_state_dict(permuted.checkpoint['state_dict'])
    with torch.no_grad():
        logits = model.cls_head(model.backbone(case.input()))
    official = torch.empty_like(logits)
    official[:, official_rows('kinetics400')] = logits
    assert max(case.output_errors([official])) < 1e-4


def test_the_loss_is_half_that_of_the_map_and_half_that_of_the_class_token(mmaction_models):
    torch.manual_seed(0)
    model = recognizer(mmaction_models, TINY, 32, 5, label_smooth_eps=0.1).train()
    clips, labels = torch.randn(4, 3, 4, 32, 32), [0, 3, 4, 1]
    pair = [part.detach() for part in model.backbone(clips)]
    head = model.cls_head
    losses = head.loss(pair, samples(labels))
    smooth = torch.nn.CrossEntropyLoss(label_smoothing=0.1)
    target = torch.tensor(labels)
    of_map = smooth(head.fc_cls(pair[0].mean((2, 3, 4))), target)
    of_token = smooth(head.fc_cls_token(pair[1]), target)
    torch.testing.assert_close(losses['loss_cls'], of_map / 2)
    torch.testing.assert_close(losses['loss_cls_token'], of_token / 2)


def test_mixed_labels_train_every_parameter(mmaction_models):
    torch.manual_seed(0)
    model = recognizer(mmaction_models, TINY, 32, 5).train()
    mixed = samples([0, 0])
    for sample, score in zip(mixed, torch.rand(2, 5).softmax(1), strict=True):
        sample.gt_label = score
    losses = model(torch.randn(2, 1, 3, 4, 32, 32), mixed, mode='loss')
    total, _ = model.parse_losses(losses)
    total.backward()
    assert {key for key in losses if key.startswith('loss')} == {'loss_cls', 'loss_cls_token'}
    assert [n for n, p in model.named_parameters() if p.grad is None or not p.grad.any()] == []


def test_the_map_alone_predicts(mmaction_models):
    torch.manual_seed(0)
    model = recognizer(mmaction_models, TINY, 32, 5).eval()
    features, token = model.backbone(torch.randn(2, 3, 4, 32, 32))
    assert torch.equal(model.cls_head((features, token)), model.cls_head((features, token + 1)))


def test_features_without_a_class_token_are_refused_with_what_to_set(mmaction_models):
    model = recognizer(mmaction_models, TINY, 32, 5)
    for feats in (torch.zeros(1, 32, 2, 1, 1), (torch.zeros(1, 32, 2, 1, 1),)):
        with pytest.raises(ValueError, match=r'give UniFormerLight3D .*out_cls_token=True'):
            model.cls_head(feats)


def test_both_layers_start_with_small_weights_and_no_bias(mmaction_models):
    head = {'type': 'HourglassI3DHead', 'num_classes': 50, 'in_channels': 100, 'init_std': 0.01}
    head = mmaction_models.build(head)
    head.init_weights()
    for layer in (head.fc_cls, head.fc_cls_token):
        assert layer.weight.std().item() == pytest.approx(0.01, rel=0.05)
        assert layer.bias.abs().max() == 0
