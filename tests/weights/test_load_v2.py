"""Files of UniFormerV2 and of ViTs are loaded to the last tensor, resized, or refused."""

import pytest
import torch
from small_nets import prefixed, save
from torch import nn
from vit_layouts import (
    BEIT,
    NEW,
    PLAIN,
    as_hugging_face,
    as_openai,
    as_timm,
    build,
    randomise,
    vit_of,
)

from mmuniformer.weights import CheckpointError, load_v2
from mmuniformer.weights.positions import resize_positions, resize_relative_table, square_grid


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


def test_resized_positions_keep_the_class_token_constants_and_the_center():
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
    assert report.coverage == 1 and not report.initialized and not report.missing_keys
    assert report.heads or report.other_parts


def test_a_kinetics_file_starts_a_net_with_local_mhra_that_halves_time(tmp_path):
    source = randomise(build())
    net = build(local_mhra=2, temporal_downsample=True)
    report = load_v2(net, save(tmp_path, source.state_dict()))
    assert report.inflated == ('conv1.weight',) and not report.missing_keys
    assert all('.lmhra' in name for name in report.initialized)
    assert torch.equal(
        net.transformer.dec[1].mlp.c_fc.weight, source.transformer.dec[1].mlp.c_fc.weight
    )


def test_what_a_smaller_form_has_no_use_for_is_left_out(tmp_path):
    path = save(tmp_path, randomise(build()).state_dict())
    assert load_v2(build(fusion='global'), path).heads == ('transformer.balance',)
    maps = load_v2(build(out_indices=2), path)
    assert all(name.startswith(NEW) for name in maps.heads) and not maps.missing_keys
    other = tmp_path / 'other.pth'
    torch.save(build(fusion='global').state_dict(), other)
    assert load_v2(build(), other).missing_keys == ('transformer.balance',)


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
