"""Image ViTs of other projects become UniFormerV2s that start as them, frame by frame."""

import pytest
import torch
from torch import Tensor, nn

from mmuniformer.models.uniformer_v2 import UniFormerV2
from mmuniformer.weights import CheckpointError
from mmuniformer.weights.load_v2 import load_v2
from mmuniformer.weights.positions import (
    resize_positions,
    resize_relative_table,
    square_grid,
)
from mmuniformer.weights.vit_keys import vit_state

TINY = {'depth': 3, 'dim': 32, 'head_dim': 8, 'patch_size': 8, 'image_size': 32}
TINY['global_head_dim'] = 8
PLAIN = {'pre_norm': False, 'activation': 'gelu', 'norm_eps': 1e-6}
BEIT = {**PLAIN, 'relative_positions': True}
NEW = ('transformer.d', 'transformer.temporal_cls_token', 'transformer.balance', 'transformer.proj')


def build(arch: dict | None = None, **options) -> UniFormerV2:
    return UniFormerV2(arch={**TINY, **(arch or {})}, **options)


def randomise(net: nn.Module) -> nn.Module:
    torch.manual_seed(3)
    for name, tensor in net.state_dict().items():
        if tensor.is_floating_point() and 'running' not in name:
            tensor.copy_(0.3 * torch.randn_like(tensor))
    return net


def vit_of(net: UniFormerV2) -> dict[str, Tensor]:
    """The tensors of the image ViT inside, the patch convolution without time."""
    state = {
        k: v for k, v in net.state_dict().items() if not k.startswith(NEW) and 'lmhra' not in k
    }
    return {**state, 'conv1.weight': state['conv1.weight'].squeeze(2)}


def prefixed(state: dict, prefix: str) -> dict:
    return {prefix + key: value for key, value in state.items()}


def save(tmp_path, content) -> str:
    path = tmp_path / 'file.pth'
    torch.save(content, path)
    return str(path)


def as_openai(vit: dict) -> dict:
    """Picture and text tower; the names of the text tower are those of a bare picture tower."""
    heads = {'ln_post.weight': torch.ones(32), 'proj': torch.ones(32, 16)}
    text = {
        'positional_embedding': torch.ones(77, 16),
        'transformer.resblocks.0.ln_1.weight': torch.ones(16),
        'token_embedding.weight': torch.ones(9, 16),
        'logit_scale': torch.ones(()),
    }
    return {**text, **prefixed({**vit, **heads}, 'visual.')}


def as_hugging_face(vit: dict) -> dict:
    names = {
        'class_embedding': 'embeddings.class_embedding',
        'positional_embedding': 'embeddings.position_embedding.weight',
        'conv1.': 'embeddings.patch_embedding.',
        'ln_pre.': 'pre_layrnorm.',
        'transformer.resblocks.': 'encoder.layers.',
    }
    inner = {'ln_': 'layer_norm', 'attn.': 'self_attn.', 'c_fc': 'fc1', 'c_proj': 'fc2'}
    state = {'post_layernorm.weight': torch.ones(32)}
    state['embeddings.position_ids'] = torch.arange(17)[None]
    for key, value in vit.items():
        for ours, theirs in {**names, **inner}.items():
            key = key.replace(ours, theirs)
        parts = value.chunk(3) if 'in_proj' in key else [value]
        for part, tensor in zip('qkv' if len(parts) == 3 else ' ', parts, strict=True):
            state[key.replace('in_proj_', f'{part}_proj.')] = tensor
    return state


def as_timm(vit: dict) -> dict:
    names = {
        'class_embedding': 'cls_token',
        'positional_embedding': 'pos_embed',
        'conv1.': 'patch_embed.proj.',
        'ln_pre.': 'norm_pre.',
        'transformer.resblocks.': 'blocks.',
        'ln_': 'norm',
        'in_proj_': 'qkv.',
        'out_proj': 'proj',
        'c_fc': 'fc1',
        'c_proj': 'fc2',
    }
    state = {'norm.weight': torch.ones(32), 'head.weight': torch.ones(10, 32)}
    for key, value in vit.items():
        value = value[None] if key == 'positional_embedding' else value
        value = value[None, None] if key == 'class_embedding' else value
        for ours, theirs in names.items():
            key = key.replace(ours, theirs)
        state[key] = value
    return state


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
    assert set(report.new) == {
        key for key in net.state_dict() if key not in loaded and not key.endswith('tracked')
    }
    assert report.coverage == 1 and not report.missing and not report.unused
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


def test_the_decoder_of_a_masked_autoencoder_is_left_out(tmp_path):
    vit = vit_of(randomise(build(PLAIN)))
    decoder = {'mask_token': torch.ones(1, 1, 16), 'decoder_embed.weight': torch.ones(16, 32)}
    decoder['decoder_blocks.0.attn.qkv.weight'] = torch.ones(48, 16)
    net = build(PLAIN)
    report = load_v2(net, save(tmp_path, {'model': {**as_timm(vit), **decoder}}))
    assert set(report.other_parts) == set(decoder)
    assert all(torch.equal(v, vit[k]) for k, v in vit_of(net).items())


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
    assert report.coverage == 1 and not report.missing


def frames() -> Tensor:
    torch.manual_seed(5)
    return torch.randn(2, 3, 3, 32, 32)


def assert_starts_as(vit: nn.Module, maps_of, arch: dict, tmp_path) -> None:
    """The armed net's maps of every layer are those that ``maps_of`` takes from each frame."""
    net = build(arch, local_mhra=2, out_indices=(0, 1, 2)).eval()
    load_v2(net, save(tmp_path, vit.state_dict()))
    x = frames()
    with torch.no_grad():
        outs = net(x)
        for number in range(3):
            for out, expected in zip(outs, maps_of(x[:, :, number]), strict=True):
                torch.testing.assert_close(out[:, :, number], expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize('activation', ['quick_gelu', 'gelu'])
def test_it_starts_as_the_vit_of_open_clip(activation, tmp_path):
    pytest.importorskip('open_clip')
    from open_clip.transformer import QuickGELU, VisionTransformer

    act = QuickGELU if activation == 'quick_gelu' else nn.GELU
    vit = randomise(VisionTransformer(32, 8, 32, 3, 4, 4.0, act_layer=act, output_dim=16)).eval()

    def maps_of(picture: Tensor) -> list[Tensor]:
        return vit.forward_intermediates(picture, intermediates_only=True)['image_intermediates']

    assert_starts_as(vit, maps_of, {'activation': activation}, tmp_path)


@pytest.mark.parametrize('form', ['deit', 'layer scale', 'clip', 'beit', 'beit shared'])
def test_it_starts_as_the_vit_of_timm(form, tmp_path):
    timm = pytest.importorskip('timm')
    options = {'img_size': 32, 'patch_size': 8, 'embed_dim': 32, 'depth': 3, 'num_heads': 4}
    if form.startswith('beit'):
        shared = {'use_shared_rel_pos_bias': True} if form.endswith('shared') else {}
        shared = shared or {'use_rel_pos_bias': True}
        vit = timm.models.beit.Beit(**options, **shared, init_values=0.1, use_abs_pos_emb=False)
        arch = BEIT
    elif form == 'clip':
        layer = timm.layers.get_act_layer('quick_gelu')
        norm = {'norm_layer': nn.LayerNorm, 'pre_norm': True}  # eps 1e-5, as timm's own CLIPs
        vit = timm.models.vision_transformer.VisionTransformer(**options, **norm, act_layer=layer)
        arch = {}
    else:
        scale = {'init_values': 0.1} if form == 'layer scale' else {}
        vit = timm.models.vision_transformer.VisionTransformer(**options, **scale)
        arch = PLAIN
    randomise(vit).eval()

    def maps_of(picture: Tensor) -> list[Tensor]:
        return vit.forward_intermediates(picture, intermediates_only=True)

    assert_starts_as(vit, maps_of, arch, tmp_path)


def test_it_starts_as_the_clip_of_hugging_face(tmp_path):
    transformers = pytest.importorskip('transformers')
    config = transformers.CLIPVisionConfig(
        hidden_size=32,
        intermediate_size=128,
        num_hidden_layers=3,
        num_attention_heads=4,
        image_size=32,
        patch_size=8,
    )
    vit = randomise(transformers.CLIPVisionModel(config)).eval()

    def maps_of(picture: Tensor) -> list[Tensor]:
        layers = vit(picture, output_hidden_states=True).hidden_states[1:]
        return [x[:, 1:].transpose(1, 2).unflatten(2, (4, 4)) for x in layers]

    assert_starts_as(vit, maps_of, {}, tmp_path)


def test_the_patch_convolution_sees_the_frame_in_the_middle_unless_told_otherwise(tmp_path):
    source = randomise(build())
    path = save(tmp_path, as_openai(vit_of(source)))
    net = build(temporal_downsample=True)
    weight = source.conv1.weight[:, :, 0]
    assert load_v2(net, path).inflated == ('conv1.weight',)
    assert torch.equal(net.conv1.weight[:, :, 1], weight)
    assert net.conv1.weight[:, :, ::2].abs().sum() == 0
    load_v2(net, path, inflation='average')
    torch.testing.assert_close(net.conv1.weight.sum(2), weight)


@pytest.mark.parametrize('arch', [{}, BEIT])
def test_a_file_for_another_resolution_gives_what_its_own_net_gives_there(arch, tmp_path):
    source = randomise(build(arch)).eval()
    larger = build({**arch, 'image_size': 48}).eval()
    report = load_v2(larger, save(tmp_path, {'model_state': source.state_dict()}))
    assert len(report.resized) == (4 if arch else 1)
    assert 'positional_embedding' in str(report)
    x = torch.randn(1, 3, 2, 48, 48)
    torch.testing.assert_close(larger(x), source(x))


def test_resized_positions_keep_the_class_token_constants_and_the_centre():
    positions = torch.randn(17, 8)
    assert resize_positions(positions, (4, 4), (4, 4)) is positions
    resized = resize_positions(positions, (4, 4), (7, 5))
    assert resized.shape == (36, 8) and torch.equal(resized[0], positions[0])
    flat = resize_positions(torch.full((17, 8), 3.0), (4, 4), (7, 5))
    torch.testing.assert_close(flat, torch.full((36, 8), 3.0))
    table = torch.randn(52, 4)
    larger = resize_relative_table(table, (4, 4), (5, 6))
    assert larger.shape == (9 * 11 + 3, 4) and torch.equal(larger[-3:], table[-3:])
    torch.testing.assert_close(larger[4 * 11 + 5], table[3 * 7 + 3])  # no displacement
    assert [square_grid(n) for n in (196, 12, 0)] == [(14, 14), None, None]


V2_LAYOUTS = {
    'raw': lambda state: state,
    'released': lambda state: {'model_state': prefixed(state, 'backbone.'), 'epoch': 5},
    'pretraining': lambda state: prefixed(state, 'backbone.'),
    'mmaction2': lambda state: {
        'meta': {},
        'state_dict': {
            **prefixed(
                {k.replace('proj.0', 'norm'): v for k, v in state.items() if 'proj.2' not in k},
                'backbone.',
            ),
            'cls_head.fc_cls.weight': torch.ones(10, 32),
        },
    },
}


@pytest.mark.parametrize('layout', V2_LAYOUTS)
def test_every_layout_of_uniformerv2_is_loaded_exactly(layout, tmp_path):
    options = {'local_mhra': 2, 'temporal_downsample': True, 'global_layers': (0, 2)}
    source, net = randomise(build(**options)), build(**options)
    head = {'transformer.proj.2.weight': torch.ones(10, 32)}
    state = V2_LAYOUTS[layout]({**source.state_dict(), **head})
    report = load_v2(net, save(tmp_path, state))
    assert all(torch.equal(v, source.state_dict()[k]) for k, v in net.state_dict().items())
    assert report.coverage == 1 and not report.new and not report.missing
    assert report.heads or report.other_parts


def test_a_kinetics_file_starts_a_net_with_local_mhra_that_halves_time(tmp_path):
    source = randomise(build())
    net = build(local_mhra=2, temporal_downsample=True)
    report = load_v2(net, save(tmp_path, source.state_dict()))
    assert report.inflated == ('conv1.weight',) and not report.missing
    assert all('.lmhra' in name for name in report.new)
    assert torch.equal(
        net.transformer.dec[1].mlp.c_fc.weight, source.transformer.dec[1].mlp.c_fc.weight
    )


def test_what_a_smaller_form_has_no_use_for_is_left_out(tmp_path):
    path = save(tmp_path, randomise(build()).state_dict())
    assert load_v2(build(fusion='global'), path).heads == ('transformer.balance',)
    maps = load_v2(build(out_indices=2), path)
    assert all(name.startswith(NEW) for name in maps.heads) and not maps.missing
    other = tmp_path / 'other.pth'
    torch.save(build(fusion='global').state_dict(), other)
    assert load_v2(build(), other).missing == ('transformer.balance',)


def wrong_files() -> dict:
    vit = vit_of(randomise(build()))
    plain = as_timm(vit_of(randomise(build(PLAIN))))
    beit = as_timm(vit_of(randomise(build(BEIT))))
    return {
        'plain ViT': (plain, "without CLIP's ln_pre; arch='b16_vit'"),
        'BEiT': ({**as_timm(vit), **beit}, "it has BEiT's relative positions"),
        'distilled': ({**plain, 'dist_token': torch.ones(1, 1, 32)}, 'one more token'),
        'no class token': (
            {k: v for k, v in plain.items() if k != 'cls_token'},
            'it has no class token',
        ),
        'query norms': (
            {**as_timm(vit), 'blocks.0.attn.q_norm.weight': torch.ones(8)},
            'without a place: transformer.resblocks.0.attn.q_norm.weight',
        ),
        'incomplete': (
            {k: v for k, v in as_hugging_face(vit).items() if '1.self_attn.k_proj' not in k},
            "lacks a tensor, 'transformer.resblocks.1.self_attn.k_proj",
        ),
        'deeper': (build({'depth': 4}).state_dict(), 'its depth is 4 and that of the net 3'),
        'wider': (build({'dim': 64}).state_dict(), 'its width is 64 and that of the net 32'),
        'patches': (
            build({'patch_size': 16}).state_dict(),
            'its patch size is 16 and that of the net 8',
        ),
        'global blocks': (
            build(global_layers=(2,)).state_dict(),
            'it has 1 global UniBlocks and the net 3; choose global_layers',
        ),
        'local MHRA': (build(local_mhra=1).state_dict(), 'has local temporal MHRA; set local_mhra'),
        'halved time': (build(temporal_downsample=True).state_dict(), 'set temporal_downsample'),
        'oblong': (
            {**vit, 'positional_embedding': torch.ones(13, 32)},
            r'positional_embedding: \(13, 32\) in the file, \(17, 32\) in the net',
        ),
        'ResNet': ({'layer1.0.conv1.weight': torch.ones(3)}, 'neither UniFormerV2 nor a ViT of'),
    }


@pytest.mark.parametrize('name', wrong_files())
def test_a_file_that_does_not_belong_is_refused_and_the_net_left_as_it_was(name, tmp_path):
    content, message = wrong_files()[name]
    net = randomise(build())
    before = {key: value.clone() for key, value in net.state_dict().items()}
    with pytest.raises(CheckpointError, match=message):
        load_v2(net, save(tmp_path, content))
    assert all(torch.equal(value, before[key]) for key, value in net.state_dict().items())


def test_a_clip_file_for_a_plain_net_is_refused_with_the_row_to_take(tmp_path):
    path = save(tmp_path, as_openai(vit_of(randomise(build()))))
    with pytest.raises(CheckpointError, match="with CLIP's ln_pre; arch='b16'"):
        load_v2(build(PLAIN), path)


def test_the_program_that_openai_publishes_is_refused_with_what_to_do(tmp_path):
    path = str(tmp_path / 'ViT-B-16.pt')
    torch.jit.script(nn.Linear(2, 2)).save(path)
    with pytest.raises(CheckpointError, match=r'TorchScript.*torch\.jit\.load\(it\)'):
        load_v2(build(), path)
