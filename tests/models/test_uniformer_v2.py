"""UniFormerV2's contract: features, maps, freezing, recomputation, sizes, and refusals."""

import pytest
import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from mmuniformer.layers import DropPath
from mmuniformer.models.arch_v2 import ARCHS_V2
from mmuniformer.models.uniformer_v2 import UniFormerV2

TINY = {'depth': 4, 'dim': 32, 'head_dim': 8, 'patch_size': 8, 'image_size': 32}
TINY['global_head_dim'] = 8
SSV = {'local_mhra': 2, 'temporal_downsample': True}
BEIT = {'pre_norm': False, 'relative_positions': True, 'activation': 'gelu'}

PUBLISHED = [  # arch, options, classes, parameters, tensors in the file
    ('b16', {}, 400, 114_552_208, 219),
    ('b16', {}, 710, 114_790_598, 219),
    ('l14', {}, 400, 354_099_600, 363),
    ('l14_336', {}, 400, 354_427_280, 363),
    ('l14_336', {'fusion': 'global', 'frozen_stages': 24}, 400, 354_426_256, 362),
    ('b16', {**SSV, 'global_layers': range(4, 12)}, 174, 162_992_814, 547),
    ('l14', {**SSV, 'global_layers': range(8, 24)}, 174, 573_949_966, 1083),
]


def clip(frames: int = 4, height: int = 32, width: int = 32, batch: int = 2) -> torch.Tensor:
    torch.manual_seed(0)
    return torch.randn(batch, 3, frames, height, width)


def seeded(**options) -> UniFormerV2:
    torch.manual_seed(1)
    arch = {**TINY, **options.pop('arch', {})}
    return UniFormerV2(arch=arch, **options)


def randomised(**options) -> UniFormerV2:
    """A net in the middle of its training: nothing is zero, and no running variance one."""
    net = seeded(**options)
    for parameter in net.parameters():
        nn.init.normal_(parameter, std=0.2)
    for name, buffer in net.named_buffers():
        if name.endswith('running_var'):
            buffer.uniform_(0.5, 2)
    return net


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


def test_a_new_net_gives_the_mean_class_token_of_the_vit():
    net = seeded(**SSV).eval()
    tokens, grid = net.embed(clip())
    for index in range(4):
        tokens = net.run_layer(index, tokens, grid)
    expected = net.transformer.proj(0.5 * tokens[:, :, 0].mean(1))
    torch.testing.assert_close(net(clip()), expected)


def test_the_balance_weighs_the_global_token_and_the_class_tokens():
    net = randomised().eval()
    alone = randomised(fusion='global').eval()
    alone.load_state_dict(net.state_dict(), strict=False)
    nn.init.constant_(net.transformer.balance, -100.0)
    torch.testing.assert_close(net(clip()), alone(clip()))
    nn.init.constant_(net.transformer.balance, 100.0)
    assert not torch.allclose(net(clip()), alone(clip()), atol=0.1)


def test_new_parts_learn_from_their_zero_layers_first_and_then_as_a_whole():
    net = seeded(**SSV).train()
    weights = torch.randn(2, 32)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)

    def without_gradient() -> set[str]:
        optimizer.zero_grad()
        (net(clip()) * weights).sum().backward()
        return {name for name, p in net.named_parameters() if not p.grad.abs().max() > 0}

    behind_zero = {
        *(f'dec.{leaf}' for leaf in ('attn.in_proj_weight', 'attn.in_proj_bias')),
        *(f'dec.{n}.{leaf}' for n in ('ln_1', 'ln_2', 'ln_3') for leaf in ('weight', 'bias')),
        *('dec.mlp.c_fc.weight', 'dec.mlp.c_fc.bias', 'dpe.weight', 'dpe.bias'),
        *(f'lmhra.{n}.{leaf}' for n in (0, 1, 2) for leaf in ('weight', 'bias')),
    }
    silent = without_gradient()
    # Behind the last attention a patch reaches the feature through a global UniBlock alone.
    last = 'transformer.resblocks.3.lmhra2.pos_embed.3'
    assert {f'{last}.weight', f'{last}.bias'} <= silent
    assert {short(name) for name in silent if not name.startswith(last)} == behind_zero
    optimizer.step()
    assert {short(name) for name in without_gradient()} == {
        f'lmhra.{n}.{leaf}' for n in (0, 1, 2) for leaf in ('weight', 'bias')
    }
    optimizer.step()
    assert without_gradient() == set()


def short(name: str) -> str:
    """Without numbers of blocks: 'transformer.dec.3.ln_1.bias' → 'dec.ln_1.bias'."""
    parts = name.removeprefix('transformer.').split('.')
    if parts[0] == 'resblocks':
        kind = parts[2].rstrip('12') if parts[2].startswith('lmhra') else 'vit'
        return '.'.join([kind, *parts[4 if kind == 'lmhra' else 2 :]])
    return '.'.join([parts[0], *parts[2:]])


def test_a_net_that_trains_gives_every_parameter_a_gradient():
    for options in ({}, SSV, {'arch': BEIT}, {'fusion': 'global'}, {'out_indices': (1, 3)}):
        net = randomised(**options).train()
        outs = net(clip())
        outs = (outs,) if isinstance(outs, torch.Tensor) else outs
        sum((out * torch.randn_like(out)).sum() for out in outs).backward()
        for name, parameter in net.named_parameters():
            assert parameter.grad is not None and parameter.grad.abs().max() > 0, name
            assert torch.isfinite(parameter.grad).all(), name


@pytest.mark.parametrize('options', [{}, SSV, {'arch': BEIT}])
def test_a_picture_is_a_clip_of_one_frame(options):
    net, maps = randomised(**options).eval(), randomised(**options, out_indices=(0, 3)).eval()
    picture = clip()[:, :, 0]
    torch.testing.assert_close(net(picture), net(picture.unsqueeze(2)))
    for flat, deep in zip(maps(picture), maps(picture.unsqueeze(2)), strict=True):
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


def test_a_net_for_maps_has_nothing_but_the_armed_vit():
    names = seeded(out_indices=3, **SSV).state_dict()
    assert {name.split('.')[1] for name in names if name.startswith('transformer.')} == {
        'resblocks'
    }


def test_layers_behind_the_last_map_are_not_run():
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


def test_frames_in_another_order_give_the_feature_again_where_nothing_relates_neighbours():
    net = randomised().eval()
    for dpe in net.transformer.dpe:  # the only part that tells earlier from later
        dpe.weight.data[:, :, ::2] = 0
    torch.testing.assert_close(net(clip().flip(2)), net(clip()), rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(
        net(clip().repeat_interleave(2, 2)), net(clip()), rtol=1e-4, atol=1e-5
    )


@pytest.mark.parametrize(
    'options',
    [
        {'with_cp': True},
        {'with_cp': 2},
        {'with_cp': True, **SSV, 'drop_path_rate': 0.4},
        {'with_cp': True, **SSV, 'norm_eval': True},
        {'with_cp': True, 'global_drop_rate': 0.5, 'global_drop_path_rate': 0.4, 'drop_rate': 0.1},
        {'with_cp': 3, 'arch': BEIT, 'attn_drop_rate': 0.1},
        {'with_cp': True, 'frozen_stages': 3, **SSV},
    ],
)
def test_activation_checkpointing_changes_no_output_gradient_or_statistic(options):
    results = []
    for net in (randomised(**{**options, 'with_cp': False}), randomised(**options)):
        torch.manual_seed(7)  # the same paths are dropped
        out = net.train()(clip())
        out.square().mean().backward()
        gradients = [p.grad for p in net.parameters() if p.requires_grad]
        results.append(([out], gradients, list(net.buffers())))
    for left, right in zip(*results, strict=True):
        for a, b in zip(left, right, strict=True):
            torch.testing.assert_close(a, b, rtol=1e-5, atol=1e-6)


def test_checkpointed_layers_are_computed_twice_with_their_global_block_and_only_they():
    net = seeded(with_cp=2, global_layers=(1, 3)).train()
    calls = []
    for kind in ('resblocks', 'dec', 'dpe'):
        for number, block in enumerate(getattr(net.transformer, kind)):
            block.register_forward_pre_hook(lambda *_, call=(kind, number): calls.append(call))
    net(clip()).mean().backward()
    assert sorted(calls) == sorted(
        [*[('resblocks', n) for n in (0, 0, 1, 1, 2, 3)]]
        + [(kind, n) for kind in ('dec', 'dpe') for n in (0, 0, 1)]
    )


@pytest.mark.parametrize('frozen_stages', [-1, 0, 2, 4])
def test_what_is_frozen_is_the_vit_and_the_uniblocks_learn(frozen_stages):
    net = randomised(frozen_stages=frozen_stages, drop_path_rate=0.2, **SSV).train()
    net(clip()).square().mean().backward()
    stem = ('conv1.', 'class_embedding', 'positional_embedding', 'ln_pre.')
    layers = tuple(f'transformer.resblocks.{n}.' for n in range(max(frozen_stages, 0)))
    for name, parameter in net.named_parameters():
        frozen = frozen_stages >= 0 and name.startswith(stem)
        frozen |= name.startswith(layers) and '.lmhra' not in name
        assert (parameter.grad is None) == frozen, name
    for number, block in enumerate(net.transformer.resblocks):
        assert block.drop_path.training == (number >= frozen_stages)
        assert block.lmhra1.training


def test_norm_eval_keeps_batch_statistics_and_still_trains_the_rest():
    net = randomised(norm_eval=True, **SSV).train()
    before = [buffer.clone() for buffer in net.buffers()]
    net(clip()).square().mean().backward()
    assert all(torch.equal(a, b) for a, b in zip(before, net.buffers(), strict=True))
    assert not any(m.training for m in net.modules() if isinstance(m, _BatchNorm))
    assert net.training and net.transformer.resblocks[0].lmhra1.pos_embed[0].weight.grad is not None


def test_stochastic_depth_rises_over_the_vit_and_over_the_global_blocks():
    net = seeded(drop_path_rate=0.3, global_drop_path_rate=0.6, global_layers=(0, 2, 3))
    rates = [module.rate for module in net.modules() if isinstance(module, DropPath)]
    assert rates == pytest.approx([0, 0.1, 0.2, 0.3, 0, 0.3, 0.6])


def test_stochastic_depth_drops_a_layer_for_whole_clips():
    net = randomised(drop_path_rate=0.9, out_indices=3).train()
    block = net.transformer.resblocks[3]
    x = torch.randn(16, 3, 5, 32)
    unchanged = (block.train()(x) - x).abs().amax(-1) == 0  # (B, T, 1 + N)
    assert torch.equal(unchanged.flatten(1).all(1), unchanged.flatten(1).any(1))
    assert unchanged.any() and not unchanged.all()


def test_global_dropout_may_differ_from_block_to_block():
    net = seeded(global_drop_rate=[0.1, 0.5], global_layers=(2, 3))
    assert [block.mlp.drop.p for block in net.transformer.dec] == [0.1, 0.5]
    assert {block.mlp.drop.p for block in seeded(global_drop_rate=0.5).transformer.dec} == {0.5}


def test_global_blocks_read_the_last_four_layers_unless_told_otherwise():
    assert seeded(arch={'depth': 6}).global_layers == (2, 3, 4, 5)
    assert seeded(arch={'depth': 2}).global_layers == (0, 1)
    assert seeded(global_layers=(0, -1)).global_layers == (0, 3)


def test_layer_depth_counts_layers_from_the_patches_to_the_heads():
    net = seeded(**SSV)
    assert net.get_layer_depth('conv1.weight') == (0, 6)
    assert net.get_layer_depth('positional_embedding') == (0, 6)
    assert net.get_layer_depth('transformer.resblocks.0.ln_1.weight') == (1, 6)
    name = 'backbone.transformer.resblocks.3.lmhra2.pos_embed.0.bias'
    assert net.get_layer_depth(name, 'backbone.') == (4, 6)
    assert net.get_layer_depth('transformer.dec.0.ln_1.weight') == (5, 6)
    assert net.get_layer_depth('cls_head.fc_cls.weight', 'backbone.') == (5, 6)


def test_a_pretrained_file_is_loaded_by_init_cfg_and_other_kinds_are_mmengines(tmp_path):
    net, path = randomised(**SSV), str(tmp_path / 'file.pth')
    torch.save({'model_state': {f'backbone.{k}': v for k, v in net.state_dict().items()}}, path)
    again = seeded(init_cfg={'type': 'Pretrained', 'checkpoint': path}, **SSV)
    again.init_weights()
    assert all(torch.equal(v, net.state_dict()[k]) for k, v in again.state_dict().items())
    constant = seeded(init_cfg={'type': 'Constant', 'layer': 'LayerNorm', 'val': 3.0})
    constant.init_weights()
    assert constant.transformer.proj[0].weight.unique().tolist() == [3.0]
    assert constant.transformer.dec[0].mlp.c_proj.weight.abs().sum() == 0
    with pytest.raises(TypeError, match=r"not \['strict'\]"):
        seeded(init_cfg={'type': 'Pretrained', 'checkpoint': path, 'strict': 1}).init_weights()


def test_train_and_eval_return_the_net_itself():
    net = seeded()
    assert net.train() is net and net.eval() is net


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        ({'arch': 'b32'}, "unknown arch 'b32'; there are b16, l14, l14_336"),
        ({'arch': {'depths': 3}}, "no field \\['depths'\\]; there are depth, dim"),
        ({'arch': {'depth': 0}}, 'depth is a whole number above 0'),
        ({'arch': {'head_dim': 48 + 1}}, 'head_dim 49 does not divide the 768 channels'),
        ({'arch': {'image_size': 230}}, 'image_size 230 is no multiple of patch_size 16'),
        ({'arch': {'activation': 'relu'}}, "activation 'relu' is none of"),
        ({'arch': {'mlp_ratio': 0}}, 'mlp_ratio must be positive'),
        ({'local_mhra': 3}, 'local_mhra 3 is none of 0, 1, 2'),
        ({'local_reduction': 0}, 'local_reduction 0 is outside'),
        ({'local_kernel_size': 4}, 'local_kernel_size 4 is no odd number'),
        ({'global_layers': (8, 12)}, 'global_layers .*allowed are ViT layers 0 to 11'),
        ({'global_layers': ()}, 'allowed are ViT layers'),
        ({'out_indices': (3, 1)}, 'in rising order, each layer once'),
        ({'out_indices': 12}, 'out_indices 12: allowed are ViT layers 0 to 11'),
        ({'fusion': 'mean'}, "fusion 'mean' is none of"),
        ({'drop_path_rate': 1.0}, 'drop_path_rate 1.0 is outside'),
        ({'global_drop_rate': [0.5]}, 'global_drop_rate has 1 values for 4 global UniBlocks'),
        ({'global_drop_rate': -1}, 'global_drop_rate -1 is outside'),
        ({'frozen_stages': 13}, 'frozen_stages 13 is not in -1 … 12'),
        ({'with_cp': 13}, 'with_cp is a bool or the number of layers'),
        ({'in_channels': 0}, 'in_channels is a whole number above 0'),
    ],
)
def test_a_bad_argument_is_refused_with_what_is_allowed(options, message):
    with torch.device('meta'), pytest.raises(ValueError, match=message):
        UniFormerV2(**options)


def test_an_arch_of_the_wrong_type_is_refused():
    with pytest.raises(TypeError, match='name of a row or a dict'):
        UniFormerV2(arch=16)


@pytest.mark.parametrize(
    ('shape', 'message'),
    [
        ((1, 1, 2, 32, 32), 'the input has 1 channels and the net 3'),
        ((3, 32, 32), r'UniFormerV2 takes clips \(B, C, T, H, W\) or pictures'),
        ((1, 3, 2, 30, 32), 'the input is 30×32, not in patches of 8×8'),
        ((1, 3, 7, 32, 32), 'the clip has 7 frames, which temporal_downsample cannot halve'),
    ],
)
def test_a_bad_input_is_refused_with_what_to_do(shape, message):
    with pytest.raises(ValueError, match=message):
        seeded(**SSV)(torch.zeros(shape))
