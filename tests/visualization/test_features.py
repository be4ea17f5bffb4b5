"""visualization/features.py: kernels are the weights, components those of the maps."""

import pytest
import torch
from tiny_v2 import randomised

from mmuniformer.models import UniFormer, UniFormer3D, UniFormerLight
from mmuniformer.visualization import (
    channel_mean,
    layer_maps,
    local_affinity,
    principal_components,
    stage_maps,
)
from mmuniformer.visualization.features import quartile_layers, to_unit

ARCH = {'dims': (8, 16, 24, 32), 'head_dim': 8, 'depths': (1, 2, 1, 1)}


@pytest.mark.parametrize(('cls', 'kernel'), [(UniFormer, (5, 5)), (UniFormer3D, (5, 5, 5))])
def test_the_local_affinity_is_the_depthwise_weight(cls, kernel):
    net = cls(arch=ARCH)
    kernels = local_affinity(net, 2, 2)
    assert kernels.shape == (16, *kernel)
    assert torch.equal(kernels, net.blocks2[1].attn.weight[:, 0])


@pytest.mark.parametrize(
    ('arch', 'stage', 'message'),
    [
        (ARCH, 3, r'stage 3 are global: no local affinity; stages \[1, 2\]'),
        (ARCH, 0, 'no stage 0'),
        ({**ARCH, 'stage_types': ['global'] * 4}, 1, 'no stage of this net has any'),
    ],
)
def test_a_block_without_local_affinity_is_refused(arch, stage, message):
    with pytest.raises(ValueError, match=message):
        local_affinity(UniFormer(arch=arch), stage, 1)


@torch.no_grad()
def test_maps_of_all_stages_are_what_the_norms_see():
    torch.manual_seed(0)
    net, x = UniFormer(arch=ARCH).eval(), torch.randn(1, 3, 64, 96)
    maps = stage_maps(net, x)
    for index, (own, out) in enumerate(zip(maps, net(x), strict=True)):
        torch.testing.assert_close(net.normalize(index, own), out)


@torch.no_grad()
def test_maps_of_a_light_net_are_those_without_its_class_token():
    net = UniFormerLight(arch={**ARCH, 'depths': (1, 1, 2, 1)}).eval()
    shapes = [tuple(own.shape) for own in stage_maps(net, torch.randn(2, 3, 64, 96))]
    assert shapes == [(2, 8, 16, 24), (2, 16, 8, 12), (2, 24, 4, 6), (2, 32, 2, 3)]


@torch.no_grad()
@pytest.mark.parametrize('frames', [(), (4,)], ids=['image', 'clip'])
def test_maps_after_layers_of_a_vit_are_those_a_net_for_maps_returns(frames):
    net, x = randomised(out_indices=(0, 2)).eval(), torch.randn(1, 3, *frames, 32, 48)
    for own, out in zip(layer_maps(net, x, [3, 1]), net(x), strict=True):
        assert torch.equal(own, out)


def test_quarters_end_with_the_last_layer_that_runs():
    assert quartile_layers(randomised(arch={'depth': 12})) == [3, 6, 9, 12]
    assert quartile_layers(randomised(arch={'depth': 6})) == [2, 3, 5, 6]
    assert quartile_layers(randomised(out_indices=(1,))) == [1, 2]


def test_maps_of_layers_that_are_not_there_are_refused():
    x = torch.randn(1, 3, 32, 32)
    with pytest.raises(ValueError, match='no layer 5; layers are counted from 1 to 4'):
        layer_maps(randomised(), x, [5])
    with pytest.raises(ValueError, match='UniFormer has no layers of a ViT'):
        layer_maps(UniFormer(arch=ARCH), x, [1])
    with pytest.raises(ValueError, match='UniFormerV2 has no stages'):
        stage_maps(randomised(), x)


def test_a_map_made_of_two_patterns_has_them_as_components():
    torch.manual_seed(0)
    directions, _ = torch.linalg.qr(torch.randn(6, 2))
    across = torch.linspace(-3, 3, 7).expand(5, 7)
    down = torch.linspace(-1, 1, 5)[:, None].expand(5, 7)
    maps = torch.einsum('ck,khw->chw', directions, torch.stack([across, down]))
    first, second = principal_components(maps, 2)
    for found, pattern in ((first, across), (second, down)):
        pattern = (pattern - pattern.min()) / (pattern.max() - pattern.min())
        error = min((found - pattern).abs().max(), (1 - found - pattern).abs().max())
        assert error < 1e-5


def test_the_sign_of_components_is_settled():
    maps = torch.randn(6, 4, 4)
    assert torch.equal(principal_components(maps), principal_components(maps.clone()))
    with pytest.raises(ValueError, match='7 components of 6 channels at 16 positions'):
        principal_components(maps, 7)


def test_a_constant_map_is_0():
    assert to_unit(torch.full((2, 2), 7.0)).max() == 0
    assert to_unit(torch.tensor([2.0, 3.0, 6.0])).tolist() == [0, 0.25, 1]


def test_the_mean_of_channels_runs_from_0_to_1():
    maps = torch.tensor([[[1.0, -3.0]], [[1.0, 1.0]]])
    assert channel_mean(maps).tolist() == [[0, 1]]
