"""How UniFormerV2 trains: recomputation, freezing, dropout, depths of layers, where it starts."""

import re

import pytest
import torch
from tiny_v2 import BEIT, SSV, clip, randomised, seeded

from mmuniformer.layers import DropPath


def test_checkpointed_layers_are_computed_twice_with_their_global_block_and_only_they():
    net = seeded(with_cp=2, global_layers=(1, 3)).train()
    calls = []
    for module_list in ('resblocks', 'dec', 'dpe'):
        for number, block in enumerate(getattr(net.transformer, module_list)):
            block.register_forward_pre_hook(
                lambda *_, call=(module_list, number): calls.append(call)
            )
    net(clip()).mean().backward()
    assert sorted(calls) == sorted(
        [*[('resblocks', n) for n in (0, 0, 1, 1, 2, 3)]]
        + [(module_list, n) for module_list in ('dec', 'dpe') for n in (0, 0, 1)]
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


# All that trains beside a frozen ViT: what reads it, and its local MHRA.
READS = {
    *('temporal_cls_token', 'dpe.N.weight', 'dpe.N.bias'),
    *('dec.N.attn.in_proj_weight', 'dec.N.attn.in_proj_bias'),
    *('dec.N.attn.out_proj.weight', 'dec.N.attn.out_proj.bias'),
    *('dec.N.ln_1.weight', 'dec.N.ln_1.bias', 'dec.N.ln_2.weight', 'dec.N.ln_2.bias'),
    *('dec.N.ln_3.weight', 'dec.N.ln_3.bias', 'dec.N.mlp.c_fc.weight', 'dec.N.mlp.c_fc.bias'),
    *('dec.N.mlp.c_proj.weight', 'dec.N.mlp.c_proj.bias', 'proj.N.weight', 'proj.N.bias'),
}
LOCAL_MHRA = {
    f'resblocks.N.lmhra{number}.pos_embed.N.{leaf}'
    for number in (1, 2)
    for leaf in ('weight', 'bias')
}


@pytest.mark.parametrize(
    ('options', 'names'),
    [
        ({'fusion': 'global'}, READS),  # as released
        ({}, READS | {'balance'}),
        (SSV, READS | {'balance'} | LOCAL_MHRA),
        ({'fusion': 'global', 'arch': BEIT}, READS),
    ],
)
def test_beside_a_frozen_vit_only_these_parameters_train(options, names):
    net = randomised(frozen_stages=4, **options).train()
    before = {name: p.clone() for name, p in net.named_parameters()}
    optimizer = torch.optim.SGD([p for p in net.parameters() if p.requires_grad], lr=0.1)
    (net(clip()) * torch.randn(2, 32)).sum().backward()
    optimizer.step()
    moved = {name for name, p in net.named_parameters() if not torch.equal(p, before[name])}
    assert {re.sub(r'\.\d+', '.N', name.removeprefix('transformer.')) for name in moved} == names
    assert moved == {name for name, p in net.named_parameters() if p.requires_grad}


def test_nothing_is_kept_of_a_frozen_vit_for_the_backward_pass():
    net = randomised(frozen_stages=4, fusion='global').train()
    tokens, grid = net.embed(clip())
    for index in range(4):
        tokens = net.run_layer(index, tokens, grid)
    assert tokens.grad_fn is None
    assert net(clip()).grad_fn is not None


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


def test_layer_depth_counts_layers_from_the_patches_to_the_heads():
    net = seeded(**SSV)
    assert net.get_layer_depth('conv1.weight') == (0, 6)
    assert net.get_layer_depth('positional_embedding') == (0, 6)
    assert net.get_layer_depth('transformer.resblocks.0.ln_1.weight') == (1, 6)
    name = 'backbone.transformer.resblocks.3.lmhra2.pos_embed.0.bias'
    assert net.get_layer_depth(name, 'backbone.') == (4, 6)
    assert net.get_layer_depth('transformer.dec.0.ln_1.weight') == (5, 6)
    assert net.get_layer_depth('cls_head.fc_cls.weight', 'backbone.') == (5, 6)


def test_a_pretrained_file_is_loaded_by_init_cfg_and_other_types_by_mmengine(tmp_path):
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


@pytest.mark.parametrize('first', ['inference', 'export'])
def test_relative_positions_train_after_inference_and_after_an_export(first):
    net, x = randomised(arch=BEIT, out_indices=3), clip()
    if first == 'inference':
        with torch.inference_mode():
            net.eval()(x)
    else:
        torch.export.export(net.eval(), (x,))
    out = net.train()(x)
    assert type(out) is torch.Tensor
    out.sum().backward()
    tables = [p.grad for name, p in net.named_parameters() if 'relative' in name]
    assert tables and all(grad.abs().sum() > 0 for grad in tables)
