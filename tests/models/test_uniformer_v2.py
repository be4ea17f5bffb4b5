"""UniFormerV2's contract: published sizes, features, maps, frames and images of any size."""

import pytest
import torch
from tiny_v2 import BEIT, SSV, clip, randomised, seeded
from torch import nn

from mmuniformer.models.arch_v2 import ARCHS_V2
from mmuniformer.models.uniformer_v2 import UniFormerV2

PUBLISHED = [  # arch, options, classes, parameters, tensors in the file
    ('b16', {}, 400, 114_552_208, 219),
    ('b16', {}, 710, 114_790_598, 219),
    ('l14', {}, 400, 354_099_600, 363),
    ('l14_336', {}, 400, 354_427_280, 363),
    ('l14_336', {'fusion': 'global', 'frozen_stages': 24}, 400, 354_426_256, 362),
    ('b16', {**SSV, 'global_layers': range(4, 12)}, 174, 162_992_814, 547),
    ('l14', {**SSV, 'global_layers': range(8, 24)}, 174, 573_949_966, 1083),
]


@pytest.mark.parametrize(('arch', 'options', 'classes', 'params', 'tensors'), PUBLISHED)
def test_every_published_form_has_its_parameters(arch, options, classes, params, tensors):
    with torch.device('meta'):
        net = UniFormerV2(arch=arch, **options)
    head = (ARCHS_V2[arch].dim + 1) * classes
    assert sum(parameter.numel() for parameter in net.parameters()) + head == params
    assert len(net.state_dict()) + 2 == tensors


def test_the_frozen_form_trains_as_many_parameters_as_published():
    with torch.device('meta'):
        net = UniFormerV2(arch='l14_336', fusion='global', frozen_stages=24)
    trained = sum(p.numel() for p in net.parameters() if p.requires_grad)
    assert trained + 1025 * 400 == 50_920_848


def test_the_balance_weighs_the_global_token_and_the_class_tokens():
    net = randomised().eval()
    alone = randomised(fusion='global').eval()
    alone.load_state_dict(net.state_dict(), strict=False)
    nn.init.constant_(net.transformer.balance, -100.0)
    torch.testing.assert_close(net(clip()), alone(clip()))
    nn.init.constant_(net.transformer.balance, 100.0)
    assert not torch.allclose(net(clip()), alone(clip()), atol=0.1)


@pytest.mark.parametrize('options', [{}, SSV, {'arch': BEIT}])
def test_an_image_is_a_clip_of_one_frame(options):
    net, maps = randomised(**options).eval(), randomised(**options, out_indices=(0, 3)).eval()
    image = clip()[:, :, 0]
    torch.testing.assert_close(net(image), net(image.unsqueeze(2)))
    for flat, deep in zip(maps(image), maps(image.unsqueeze(2)), strict=True):
        assert flat.shape == (2, 32, 4, 4)
        torch.testing.assert_close(flat, deep[:, :, 0])


def test_maps_are_those_of_each_frame_alone():
    net = randomised(out_indices=-1, arch=BEIT).eval()
    x = clip(3, 24, 40)
    expected = torch.stack([net(x[:, :, frame]) for frame in range(3)], 2)
    assert expected.shape == (2, 32, 3, 3, 5)
    torch.testing.assert_close(net(x), expected)


def test_an_int_gives_the_map_that_a_sequence_gives_in_a_tuple():
    several, single = randomised(out_indices=(0, 2)).eval(), seeded(out_indices=2).eval()
    single.load_state_dict(several.state_dict())
    assert torch.equal(single(clip()), several(clip())[1])
    assert (several.out_channels, several.out_strides) == ((32, 32), (8, 8))
    assert single.out_indices == (2,)
    feature = seeded()
    assert (feature.out_channels, feature.out_strides) == ((32,), ())


def test_a_net_for_maps_has_nothing_but_the_vit_with_local_mhra():
    names = seeded(out_indices=3, **SSV).state_dict()
    assert {name.split('.')[1] for name in names if name.startswith('transformer.')} == {
        'resblocks'
    }


def test_layers_after_the_last_map_are_not_run():
    net = seeded(out_indices=(0, 1)).eval()
    net.transformer.resblocks[2] = None
    assert len(net(clip())) == 2


def test_time_is_halved_before_the_first_layer():
    net = seeded(out_indices=0, **SSV)
    assert net(clip(6)).shape == (2, 32, 3, 4, 4)
    assert net.conv1.weight.shape == (32, 3, 3, 8, 8)


@pytest.mark.parametrize('options', [{}, SSV, {'arch': BEIT}])
def test_any_number_of_frames_and_any_size_in_patches_runs(options):
    net = randomised(**options).eval()
    for x in (clip(2), clip(8), clip(4, 64, 64), clip(2, 24, 40), clip(1, 8, 8)):
        out = net(x)
        assert out.shape == (2, 32) and torch.isfinite(out).all()
        torch.testing.assert_close(out[:1], net(x[:1]), rtol=1e-4, atol=1e-5)


def test_frames_in_another_order_give_the_feature_again_where_nothing_relates_neighbors():
    net = randomised().eval()
    for dpe in net.transformer.dpe:  # the only part that tells earlier from later
        dpe.weight.data[:, :, ::2] = 0
    torch.testing.assert_close(net(clip().flip(2)), net(clip()), rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(
        net(clip().repeat_interleave(2, 2)), net(clip()), rtol=1e-4, atol=1e-5
    )


def test_global_blocks_read_the_last_four_layers_unless_told_otherwise():
    assert seeded(arch={'depth': 6}).global_layers == (2, 3, 4, 5)
    assert seeded(arch={'depth': 2}).global_layers == (0, 1)
    assert seeded(global_layers=(0, -1)).global_layers == (0, 3)
