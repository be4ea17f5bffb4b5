"""Exactness of UniFormerV2: the released models' outputs, loss and gradients, same weights."""

import numpy as np
import pytest
import torch
from reference import DATA, Case
from torch import Tensor, nn

from mmuniformer.models.uniformer_v2 import UniFormerV2

K400 = {}
SSV2 = {'local_mhra': 2, 'temporal_downsample': True, 'global_layers': range(12)}
TOLERANCE = 1e-5  # of the output's standard deviation
CLASSIFIER = {
    'transformer.proj.2': 'fc',  # released files
    'cls_head.fc_cls': 'fc',  # mmaction2's
    'backbone.transformer.norm': 'backbone.transformer.proj.0',
}


class Recognizer(nn.Module):
    """The backbone with the linear classifier of the released models."""

    def __init__(self, num_classes: int, **options):
        super().__init__()
        self.backbone = UniFormerV2(**options)
        self.drop = nn.Identity()
        self.fc = nn.Linear(self.backbone.out_channels[-1], num_classes)

    def forward(self, x: Tensor) -> list[Tensor]:
        return [self.fc(self.drop(self.backbone(x)))]

    def load(self, state: dict[str, Tensor]) -> None:
        self.load_state_dict({rename(key): value for key, value in state.items()})


def rename(key: str) -> str:
    for theirs, ours in CLASSIFIER.items():
        if key.startswith(theirs):
            return key.replace(theirs, ours)
    return key if key.startswith('backbone.') else f'backbone.{key}'


class FixedDropout(nn.Module):
    """Dropout of a half with the mask of the recorded run."""

    def __init__(self, bits: np.ndarray, width: int):
        super().__init__()
        self.mask = 2 * torch.from_numpy(np.unpackbits(bits, count=width).astype(np.float32))

    def forward(self, x: Tensor) -> Tensor:
        return x * self.mask


@pytest.mark.parametrize(('name', 'options'), [('v2_b16_k400', K400), ('v2_b16_ssv2', SSV2)])
def test_logits_and_parameter_count_are_those_of_the_released_model(name, options):
    case = Case(name)
    net = Recognizer(case.manifest['transformer.proj.2.bias'][0], **options)
    net.load(case.state_dict())
    net.eval()
    with torch.no_grad():
        errors = case.output_errors(net(case.input()))
    assert max(errors) < TOLERANCE
    assert sum(parameter.numel() for parameter in net.parameters()) == case.params


def test_scores_and_features_are_those_of_mmaction2():
    case = Case('mmaction2_uniformerv2_b16')
    net = Recognizer(400)
    net.load(case.state_dict())
    net.eval()
    with torch.no_grad():
        features = net.backbone(case.input())
        scores = net.fc(features)
    assert max(case.output_errors([scores, features])) < TOLERANCE


def test_a_training_step_has_the_released_models_loss_and_gradients():
    case = Case('v2_b16_k400')
    net = Recognizer(400)
    net.load(case.state_dict())
    # The step was recorded with the dropout of the recipe, one half, in the FFN of every global
    # UniBlock and in front of the classifier. These are its masks.
    masks = np.load(DATA / 'outputs' / 'v2_b16_k400_dropout.npz')
    for number, block in enumerate(net.backbone.transformer.dec):
        block.mlp.drop = FixedDropout(masks[f'dec_{number}'], 3072)
    net.drop = FixedDropout(masks['proj_1'], 768)
    loss = case.loss(net.train()(case.input()))
    loss.backward()
    assert loss.item() == pytest.approx(case.recorded_loss(), abs=1e-5)

    recorded = {rename(key): value for key, value in case.gradient_norms().items()}
    gradients = {name: parameter.grad.norm().item() for name, parameter in net.named_parameters()}
    assert gradients == pytest.approx(recorded, rel=1e-5)
