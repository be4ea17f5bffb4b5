"""The pyramid over a plain ViT's map, against plain torch."""

import doctest

import pytest
import torch
import torch.nn.functional as F

from mmuniformer.layers import simple_pyramid
from mmuniformer.layers.simple_pyramid import SimplePyramid


@pytest.fixture
def pyramid() -> SimplePyramid:
    torch.manual_seed(0)
    pyramid = SimplePyramid(16, out_channels=8, num_outs=6)
    for parameter in pyramid.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    return pyramid


def level(convs: torch.nn.Sequential, x: torch.Tensor) -> torch.Tensor:
    for conv, norm in (convs[:2], convs[2:]):
        x = F.conv2d(x, conv.weight, padding=conv.kernel_size[0] // 2)
        x = F.layer_norm(x.permute(0, 2, 3, 1), (8,), norm.weight, norm.bias).permute(0, 3, 1, 2)
    return x


def test_every_level_is_made_of_the_one_map_alone(pyramid):
    x = torch.randn(2, 16, 5, 6)
    first, norm, _, second = pyramid.rescale[0]
    up = F.conv_transpose2d(x, first.weight, first.bias, stride=2).permute(0, 2, 3, 1)
    up = F.gelu(F.layer_norm(up, (8,), norm.weight, norm.bias)).permute(0, 3, 1, 2)
    up = F.conv_transpose2d(up, second.weight, second.bias, stride=2)
    double = pyramid.rescale[1]
    rescaled = (
        up,
        F.conv_transpose2d(x, double.weight, double.bias, stride=2),
        x,
        F.max_pool2d(x, 2),
    )
    maps = pyramid(x)
    for found, convs, expected in zip(maps, pyramid.convs, rescaled, strict=False):
        torch.testing.assert_close(found, level(convs, expected))
    assert torch.equal(maps[4], maps[3][..., ::2, ::2])
    assert torch.equal(maps[5], maps[4][..., ::2, ::2])


def test_sides_are_4_2_1_and_a_half_of_the_maps_and_odd_ones_rounded_down(pyramid):
    sizes = [tuple(x.shape[1:]) for x in pyramid(torch.randn(1, 16, 5, 7))]
    assert sizes == [(8, 20, 28), (8, 10, 14), (8, 5, 7), (8, 2, 3), (8, 1, 2), (8, 1, 1)]


def test_one_map_in_a_tuple_is_that_map_and_several_are_refused(pyramid):
    x = torch.randn(1, 16, 4, 4)
    assert all(torch.equal(a, b) for a, b in zip(pyramid((x,)), pyramid(x), strict=True))
    with pytest.raises(ValueError, match='takes one map, got 2; give the backbone one layer'):
        pyramid((x, x))


def test_every_parameter_gets_a_gradient(pyramid):
    maps = pyramid(torch.randn(1, 16, 4, 4))
    sum((x * torch.randn_like(x)).sum() for x in maps).backward()
    assert all(parameter.grad.abs().max() > 0 for parameter in pyramid.parameters())


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        ({'in_channels': 18}, 'in_channels 18 is not a multiple of 4'),
        ({'in_channels': 16, 'num_outs': 3}, 'num_outs 3 is below 4'),
    ],
)
def test_what_makes_no_pyramid_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        SimplePyramid(**options)


def test_the_example_in_the_docstring_prints_what_it_says():
    result = doctest.testmod(simple_pyramid)
    assert result.attempted > 0 and result.failed == 0
