"""Exactness: the released models' outputs, gradients and statistics, from the same weights."""

import pytest
import torch
from reference import Case, Classifier

from mmuniformer.models import UniFormer, UniFormer3D, UniFormerLight, UniFormerLight3D
from mmuniformer.weights import inflate

CLASSIFIERS = {
    'cls_small': {'arch': 'small'},
    'cls_small_plus': {'arch': 'small_plus'},
    'cls_small_plus_dim64': {'arch': 'small_plus_dim64'},
    'cls_base': {'arch': 'base'},
    'cls_base_ls': {'arch': 'base_ls'},
    'cls_large_ls_tl': {'arch': 'large_ls'},
    'video_small': {'arch': 'small'},
    'video_base': {'arch': 'base'},
    'video_small_split': {'arch': 'small', 'attention': 'divided'},
    'cls_xxs': {'arch': 'xxs', 'out_cls_token': True},
    'cls_xs': {'arch': 'xs', 'out_cls_token': True},
    'video_xxs': {'arch': 'xxs', 'out_cls_token': True},
}
DENSE = {
    'dense_small_global': {},
    'dense_small_window14': {'attention': 'window', 'window_size': 14},
    'dense_small_hybrid14': {'attention': 'hybrid', 'window_size': 14},
    'dense_base_hybrid32': {'arch': 'base', 'attention': 'hybrid', 'window_size': 32},
    'dense_xxs': {'arch': 'xxs'},
}
FAMILIES = {  # light, video
    (False, False): UniFormer,
    (False, True): UniFormer3D,
    (True, False): UniFormerLight,
    (True, True): UniFormerLight3D,
}
TOLERANCE = 1e-4  # of the output's standard deviation


def build(name: str) -> tuple[Case, torch.nn.Module]:
    """A case, and the net that reproduces it with the published weights loaded strictly."""
    case = Case(name)
    family = FAMILIES[name.endswith(('_xxs', '_xs')), name.startswith('video')]
    if name in DENSE:
        net = family(**DENSE[name])
        net.load_state_dict(case.state_dict())
        return case, net
    backbone = family(out_indices=3, out_norm='batch', **CLASSIFIERS[name])
    num_classes = case.manifest['head.weight'][0]
    net = Classifier(backbone, num_classes, token_labeling=name.endswith('_tl'))
    net.load_published(case.state_dict())
    return case, net


@pytest.mark.parametrize('name', [*CLASSIFIERS, *DENSE])
def test_outputs_and_parameter_counts_are_those_of_the_released_model(name):
    case, net = build(name)
    net.eval()
    with torch.no_grad():
        errors = case.output_errors(list(net(case.input())))
    assert max(errors) < TOLERANCE
    assert sum(parameter.numel() for parameter in net.parameters()) == case.params


@pytest.mark.parametrize(
    'name',
    [
        *('cls_small', 'cls_base_ls', 'video_small'),
        *('dense_small_global', 'dense_small_hybrid14', 'dense_xxs'),
    ],
)
def test_a_training_step_has_the_released_models_loss_gradients_and_statistics(name):
    case, net = build(name)
    net.train()
    loss = case.loss(list(net(case.input())))
    loss.backward()
    assert loss.item() == pytest.approx(case.recorded_loss(), abs=1e-4 * abs(case.recorded_loss()))

    recorded = case.gradient_norms()
    gradients = {
        name.removeprefix('backbone.'): parameter.grad.norm().item()
        for name, parameter in net.named_parameters()
    }
    assert gradients.keys() == recorded.keys()
    # Where a following BatchNorm takes a change out again, the gradient is rounding noise around 0:
    # the last shift of a classifier and, its batch being one clip, all of video_small but the head.
    noise = 1e-6 * max(recorded.values())
    for key, value in recorded.items():
        assert gradients[key] == pytest.approx(value, rel=1e-3, abs=noise), key

    buffers = {name.removeprefix('backbone.'): buffer for name, buffer in net.named_buffers()}
    for key, value in case.statistics().items():
        assert buffers[key].mean().item() == pytest.approx(value, rel=1e-4, abs=1e-6), key


def test_image_weights_inflated_by_averaging_give_the_released_video_model():
    case = Case('video_small_inflated_from_cls_small')
    net = Classifier(UniFormer3D(), num_classes=1000)
    wanted = net.backbone.state_dict()
    state = {
        key: inflate(value, wanted[key].shape[2])
        if key in wanted and value.ndim == 4 and wanted[key].ndim == 5
        else value
        for key, value in Case('cls_small').state_dict().items()
    }
    net.load_published(state)
    net.eval()
    with torch.no_grad():
        assert max(case.output_errors(net(case.input()))) < TOLERANCE
