"""Image ViTs of other projects fill the ViT inside UniFormerV2, tensor by tensor."""

import pytest
import torch
from small_nets import prefixed, save
from vit_layouts import (
    BEIT,
    PLAIN,
    as_hugging_face,
    as_openai,
    as_timm,
    build,
    randomise,
    vit_of,
)

from mmuniformer.weights import load_v2
from mmuniformer.weights.vit_keys import vit_state

CLIP_LAYOUTS = {
    'OpenAI': as_openai,
    'bare tower': lambda vit: {**vit, 'proj': torch.ones(32, 16)},
    'half precision': lambda vit: {k: v.half() for k, v in as_openai(vit).items()},
    'open_clip training': lambda vit: {'state_dict': prefixed(as_openai(vit), 'module.')},
    'Hugging Face vision': as_hugging_face,
    'Hugging Face': lambda vit: {
        'text_model.final_layer_norm.weight': torch.ones(16),
        **prefixed(as_hugging_face(vit), 'vision_model.'),
    },
    'timm': as_timm,
    'open_clip with timm': lambda vit: prefixed(as_timm(vit), 'visual.trunk.'),
}


@pytest.mark.parametrize('layout', CLIP_LAYOUTS)
def test_every_layout_of_clip_fills_the_vit_exactly_and_leaves_the_uniblocks_new(layout, tmp_path):
    source = randomise(build())
    for tensor in source.state_dict().values():
        tensor.copy_(tensor.half())
    net = build(local_mhra=1)
    report = load_v2(net, save(tmp_path, CLIP_LAYOUTS[layout](vit_of(source))))
    loaded = vit_of(net)
    assert all(torch.equal(loaded[key], value) for key, value in vit_of(source).items())
    assert set(report.loaded) | set(report.inflated) == set(loaded)
    assert set(report.initialized) == {
        key for key in net.state_dict() if key not in loaded and not key.endswith('tracked')
    }
    assert report.coverage == 1 and not report.missing_keys and not report.unexpected_keys
    assert report.heads or report.other_parts
    assert net.transformer.dec[0].attn.out_proj.weight.abs().sum() == 0


def test_the_bias_of_timms_patches_goes_into_the_positions_and_layer_scale_into_the_layers():
    vit = vit_of(randomise(build(PLAIN)))
    bias, scale = torch.randn(32), torch.rand(32)
    state = {**as_timm(vit), 'patch_embed.proj.bias': bias}
    state.update({'blocks.1.ls1.gamma': scale, 'blocks.1.ls2.gamma': 2 * scale})
    found = vit_state(state).tensors
    assert torch.equal(found['positional_embedding'][0], vit['positional_embedding'][0])
    expected = vit['positional_embedding'][1:] + bias
    assert torch.equal(found['positional_embedding'][1:], expected)
    block = 'transformer.resblocks.1.'
    for layer, factor in (('attn.out_proj', scale), ('mlp.c_proj', 2 * scale)):
        old = vit[f'{block}{layer}.weight']
        assert torch.equal(found[f'{block}{layer}.weight'], factor[:, None] * old)
        assert torch.equal(found[f'{block}{layer}.bias'], factor * vit[f'{block}{layer}.bias'])
    assert found.keys() == vit.keys()


@pytest.mark.parametrize('shared', [False, True])
def test_beit_gets_its_table_in_every_layer_a_bias_for_keys_and_no_positions(shared, tmp_path):
    vit = vit_of(randomise(build(BEIT)))
    table = 'relative_position_bias_table'
    state = {'mask_token': torch.ones(1, 1, 32)}
    for key, value in as_timm(vit).items():
        if key.endswith('qkv.bias'):
            vit_key = key.replace('blocks', 'transformer.resblocks').replace('qkv.', 'in_proj_')
            vit[vit_key] = torch.cat([value[:32], torch.zeros(32), value[64:]])
            block = key.removesuffix('qkv.bias')
            state[f'{block}q_bias'], state[f'{block}v_bias'] = value[:32], value[64:]
            state[f'{block}relative_position_index'] = torch.zeros(17, 17, dtype=torch.long)
        elif shared and key.endswith(table):
            state[f'rel_pos_bias.{table}'] = torch.full((52, 4), 7.0)
            vit[key.replace('blocks', 'transformer.resblocks')] = torch.full((52, 4), 7.0)
        elif key != 'pos_embed':
            state[key] = value
    vit['positional_embedding'] = torch.zeros(17, 32)
    net = build(BEIT)
    report = load_v2(net, save(tmp_path, state))
    assert all(torch.equal(v, vit[k]) for k, v in vit_of(net).items())
    assert report.coverage == 1 and not report.missing_keys
