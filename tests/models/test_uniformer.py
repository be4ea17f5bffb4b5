"""The backbone contract: outputs, freezing, recomputation, patterns, and refusals."""

import pytest
import torch
from small_nets import TINY, image_net
from torch import nn

from mmuniformer.layers import DropPath
from mmuniformer.models import ARCHS, UniFormer, UniFormer3D

MINIMAL = {'depths': (1, 1, 4, 1), 'dims': (8, 8, 16, 16), 'head_dim': 8}

PUBLISHED_PARAMS = {  # of the classifier with 1000 classes
    'small': 21_545_256,
    'small_dim32': 21_545_256,
    'small_plus': 24_032_552,
    'small_plus_dim64': 24_032_552,
    'base': 49_776_552,
    'base_dim32': 49_776_552,
    'base_ls': 49_796_520,
    'large': 100_103_888 - 641_000 - 35_584,  # large_ls without its layer scale
    'large_ls': 100_103_888 - 641_000,  # published with token labeling's second head
}


def image(height: int = 64, width: int = 96, batch: int = 2, channels: int = 3) -> torch.Tensor:
    torch.manual_seed(0)
    return torch.randn(batch, channels, height, width)


@pytest.mark.parametrize('arch', ARCHS)
def test_every_row_has_the_published_number_of_parameters(arch):
    with torch.device('meta'):
        net = UniFormer(arch=arch, out_indices=3, out_norm='batch')
    head = (ARCHS[arch].dims[-1] + 1) * 1000
    assert sum(p.numel() for p in net.parameters()) + head == PUBLISHED_PARAMS[arch]


def test_an_int_gives_the_map_that_a_sequence_gives_in_a_tuple():
    net = image_net(out_indices=(1, 3)).eval()
    single = image_net(out_indices=3).eval()
    single.load_state_dict({k: v for k, v in net.state_dict().items() if 'norm2.' not in k[:6]})
    x = image()
    assert torch.equal(single(x), net(x)[1])
    assert image_net(out_indices=-1).out_indices == (3,)


def test_stages_after_the_last_output_are_not_run():
    net = image_net(out_indices=(0, 1)).eval()
    net.blocks3 = None
    assert len(net(image(16, 16))) == 2


@pytest.mark.parametrize('attention', ['window', 'hybrid'])
def test_a_window_as_large_as_the_map_is_global_attention(attention):
    windows = image_net(attention=attention, window_size=5).eval()
    everywhere = image_net(attention='global').eval()
    everywhere.load_state_dict(windows.state_dict())
    x = image(80, 80)
    for left, right in zip(windows(x), everywhere(x), strict=True):
        torch.testing.assert_close(left, right, rtol=1e-5, atol=1e-5)
    other = image(160, 80)
    assert not torch.allclose(windows(other)[2], everywhere(other)[2], atol=1e-3)


def test_every_fourth_block_of_a_hybrid_stage_is_global():
    net = UniFormer(arch={**MINIMAL, 'depths': (1, 1, 8, 2)}, attention='hybrid', window_size=14)
    assert [block.window_size for block in net.blocks3] == [14, 14, 14, None] * 2
    assert [block.window_size for block in net.blocks4] == [None, None]


def test_checkpointed_blocks_are_computed_twice_and_only_they():
    net = image_net(with_cp=(0, 0, 3, 0)).train()
    calls = []
    for number, block in enumerate(net.blocks3):
        block.register_forward_pre_hook(lambda *_, number=number: calls.append(number))
    sum(out.mean() for out in net(image())).backward()
    assert sorted(calls) == [0, 0, 1, 1, 2, 2, 3]


def test_stochastic_depth_rises_linearly_over_all_blocks_of_all_stages():
    net = image_net(drop_path_rate=0.7)
    rates = [module.rate for module in net.modules() if isinstance(module, DropPath)]
    assert rates == pytest.approx([0.1 * number for number in range(8)])


def test_building_with_layer_scale_leaves_the_next_net_without():
    UniFormer(arch={**MINIMAL, 'layer_scale': 1e-6})
    assert not any('gamma' in key for key in UniFormer(arch=MINIMAL).state_dict())


def test_layer_scale_is_where_base_ls_has_it():
    with torch.device('meta'):
        net = UniFormer(arch='base_ls')
    stages = {key[6] for key in net.state_dict() if 'gamma' in key}
    assert stages == {'3', '4'}


@pytest.mark.parametrize('frozen_stages', [-1, 0, 1, 2, 3, 4])
def test_frozen_stages_get_no_gradient_and_keep_their_statistics(frozen_stages):
    net = image_net(frozen_stages=frozen_stages).train()
    frozen = {'patch_embed1'} if frozen_stages == 0 else set()
    for stage in range(1, frozen_stages + 1):
        frozen |= {f'patch_embed{stage}', f'blocks{stage}'}
    before = {name: buffer.clone() for name, buffer in net.named_buffers()}
    sum((out * torch.randn_like(out)).sum() for out in net(image())).backward()
    for name, parameter in net.named_parameters():
        assert (parameter.grad is None) == (name.split('.')[0] in frozen), name
    for name, buffer in net.named_buffers():
        if name.endswith('running_mean'):
            assert torch.equal(buffer, before[name]) == (name.split('.')[0] in frozen), name


def test_layer_depth_counts_blocks_from_the_stem_to_the_heads():
    net = image_net()
    assert net.get_layer_depth('patch_embed1.proj.weight') == (0, 10)
    assert net.get_layer_depth('blocks1.0.norm1.weight') == (1, 10)
    assert net.get_layer_depth('patch_embed2.proj.weight') == (2, 10)
    assert net.get_layer_depth('backbone.blocks3.3.attn.qkv.bias', 'backbone.') == (7, 10)
    assert net.get_layer_depth('backbone.blocks4.0.mlp.fc1.bias', 'backbone.') == (8, 10)
    assert net.get_layer_depth('norm3.weight') == (9, 10)
    assert net.get_layer_depth('neck.fpn.weight', 'backbone.') == (9, 10)


def test_linear_layers_start_with_the_released_initialization():
    net = UniFormer(arch={**TINY, 'dims': (16, 32, 128, 256)})
    weights = torch.cat([m.weight.flatten() for m in net.modules() if isinstance(m, nn.Linear)])
    assert weights.std().item() == pytest.approx(0.02, rel=0.02)
    assert all(m.bias.abs().sum() == 0 for m in net.modules() if isinstance(m, nn.Linear))


def test_a_net_for_one_channel_takes_one_channel():
    net = image_net(in_channels=1).eval()
    assert net(image(channels=1))[0].shape == (2, 16, 16, 24)


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        ({'arch': 'huge'}, "unknown arch 'huge'; there are small, small_dim32"),
        ({'arch': {'depth': (1, 1, 1, 1)}}, "no field \\['depth'\\]; there are depths"),
        ({'arch': {'depths': (1, 1, 1)}}, 'depths needs 4 entries'),
        ({'arch': {'dims': (64, 128, 0, 512)}}, 'dims must be positive'),
        ({'arch': {'stem': 'convolution'}}, "stem 'convolution' is none of"),
        ({'arch': {'stage_types': ['local', 'local', 'window', 'global']}}, 'are none of'),
        ({'arch': {'layer_scale_stages': (0, 5)}}, 'numbers from 1 to 4'),
        ({'arch': {'head_dim': 48}}, 'head_dim 48 does not divide the 320 channels'),
        ({'attention': 'windows'}, "attention 'windows' is none of \\('global', 'window', 'hyb"),
        ({'attention': 'joint'}, "attention 'joint' is none of"),
        (
            {'attention': 'window', 'window_size': 0},
            'window_size must be a positive integer, got 0; the released',
        ),
        ({'window_size': 7.5}, 'window_size must be a positive integer, got 7.5'),
        ({'out_indices': (0, 4)}, 'allowed are stages 0 to 3'),
        ({'out_indices': ()}, 'allowed are stages 0 to 3'),
        ({'out_indices': (1, 1)}, 'in rising order, each stage once'),
        ({'out_norm': 'batch'}, 'last stage alone'),
        ({'out_norm': 'group'}, "out_norm 'group' is none of"),
        ({'with_cp': (1, 1)}, 'with_cp is a bool or the number of blocks'),
        ({'with_cp': (0, 0, 9, 0)}, 'at most'),
    ],
)
def test_a_bad_argument_is_refused_with_what_is_allowed(options, message):
    with pytest.raises(ValueError, match=message):
        UniFormer(**options)


@pytest.mark.parametrize(
    ('shape', 'message'),
    [
        ((1, 1, 64, 64), 'the input has 1 channels and the net 3'),
        ((3, 64, 64), r'takes \(B, C, H, W\), got shape \(3, 64, 64\)'),
        ((1, 3, 31, 64), 'less than the stride 32'),
    ],
)
def test_a_bad_input_is_refused_with_what_to_do(shape, message):
    with pytest.raises(ValueError, match=message):
        image_net()(torch.zeros(shape))


def test_arguments_of_the_wrong_type_are_refused():
    with pytest.raises(TypeError, match='name of a row or a dict'):
        UniFormer(arch=3)
    with pytest.raises(TypeError, match='sequence with one entry per stage'):
        UniFormer(arch={'depths': 3})
    with pytest.raises(TypeError, match='has no windows'):
        UniFormer3D(window_size=7)


def test_the_gradient_of_the_last_norm_does_not_depend_on_how_a_map_lies_in_memory():
    net = UniFormer(arch=TINY, out_indices=3, out_norm='batch', norm_eval=True).train()
    plain, gradient = torch.randn(2, 1, 48, 2, 2)
    strided = torch.empty_strided(plain.shape, (48, 1, 96, 48)).copy_(plain)  # of tokens (1, N, C)
    found = []
    for x in (plain, strided):
        x.requires_grad_()
        found += torch.autograd.grad(net.normalize(3, x), x, gradient)
    torch.testing.assert_close(*found)
