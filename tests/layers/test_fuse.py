"""A folded layer is both of the layers it was made of, at the borders of the map too."""

import copy

import pytest
import torch
from torch import Tensor, nn

from mmuniformer.layers.accelerate import accelerate, plain
from mmuniformer.layers.dpe import DPE2d, DPE3d
from mmuniformer.layers.fuse import fold_norm, fold_scale, fuse_dpe
from mmuniformer.layers.nd import Depthwise2d, Depthwise3d


def norm(cls: type[nn.Module] = nn.BatchNorm2d, channels: int = 6, **options) -> nn.Module:
    torch.manual_seed(0)
    layer = cls(channels, **options)
    for name, tensor in layer.state_dict().items():
        if tensor.is_floating_point():
            nn.init.uniform_(tensor, *((0.1, 3) if name == 'running_var' else (-2, 2)))
    return layer.eval()


def maps(*shape: int) -> Tensor:
    torch.manual_seed(1)
    return torch.randn(2, 6, *shape)


@pytest.mark.parametrize(
    ('first', 'layer', 'shape'),
    [
        (norm(), nn.Conv2d(6, 4, 1), (5, 7)),
        (norm(), nn.Conv2d(6, 4, 1, bias=False), (5, 7)),
        (norm(affine=False), nn.Conv2d(6, 4, 2, stride=2), (5, 7)),
        (norm(nn.BatchNorm3d), nn.Conv3d(6, 4, (3, 1, 2)), (4, 5, 7)),
        (norm(nn.BatchNorm1d), nn.Linear(6, 4), ()),
    ],
)
def test_a_norm_goes_into_the_layer_after_it(first, layer, shape):
    x = maps(*shape)
    expected = layer(first(x))
    fold_norm(first, layer)
    torch.testing.assert_close(layer(x), expected, rtol=1e-5, atol=1e-5)
    assert layer.bias.requires_grad


@pytest.mark.parametrize('padding', [1, 'same'])
def test_a_norm_before_zero_padding_is_refused_because_the_border_would_be_wrong(padding):
    layer = nn.Conv2d(6, 4, 3, padding=padding)
    x, first = maps(5, 7), norm()
    unpadded = nn.Conv2d(6, 4, 3)
    unpadded.load_state_dict(layer.state_dict())
    fold_norm(first, unpadded)
    forced = copy.deepcopy(layer)
    forced.load_state_dict(unpadded.state_dict())
    error = (forced(x) - layer(first(x))).abs()
    assert error[..., 1:-1, 1:-1].max() < 1e-5 < 0.1 < error.max()
    with pytest.raises(ValueError, match='pads or has several groups; no norm before it'):
        fold_norm(first, layer)


def test_a_norm_before_groups_or_without_statistics_is_refused():
    with pytest.raises(ValueError, match='several groups'):
        fold_norm(norm(), nn.Conv2d(6, 6, 1, groups=6))
    with pytest.raises(ValueError, match='no running statistics'):
        fold_norm(nn.BatchNorm2d(6, track_running_stats=False), nn.Conv2d(6, 4, 1))


@pytest.mark.parametrize('layer', [nn.Conv2d(6, 4, 3, padding=1), nn.Conv2d(6, 4, 1, bias=False)])
def test_a_factor_goes_into_the_convolution_before_it(layer):
    x, gamma = maps(5, 7), torch.randn(1, 4, 1, 1)
    expected = gamma * layer(x)
    fold_scale(gamma, layer)
    torch.testing.assert_close(layer(x), expected)


def test_a_factor_goes_into_the_linear_layer_before_it():
    layer, x, gamma = nn.Linear(6, 4), maps(), torch.randn(4)
    expected = gamma * layer(x)
    fold_scale(gamma, layer)
    torch.testing.assert_close(layer(x), expected)


@pytest.mark.parametrize('accelerated', [False, True])
@pytest.mark.parametrize(
    ('dpe', 'shape', 'convolution'),
    [(DPE2d(6, 3), (5, 7), Depthwise2d), (DPE3d(6, (1, 5, 3)), (2, 5, 7), Depthwise3d)],
)
def test_a_fused_dpe_is_one_convolution(dpe, shape, convolution, accelerated):
    x, dpe = maps(*shape), copy.deepcopy(dpe)
    expected = dpe(x)
    if accelerated:
        accelerate(dpe)
    fuse_dpe(dpe)
    assert type(plain(dpe)) is convolution
    torch.testing.assert_close(dpe(x), expected)


@pytest.mark.parametrize('kernel', [4, (3, 4)])
def test_a_dpe_of_even_size_is_refused(kernel):
    with pytest.raises(ValueError, match='is even; give odd sizes'):
        DPE2d(6, kernel)
