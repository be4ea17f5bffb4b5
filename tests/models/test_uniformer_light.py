"""The light nets: parameters, forms, independence of calls, recomputation, files, refusals."""

import sys
import threading

import pytest
import torch
from reference import Case
from small_nets import LIGHT as TINY
from torch import nn

from mmuniformer.layers import HourglassBlock
from mmuniformer.models import LIGHT_ARCHS, UniFormer, UniFormerLight, UniFormerLight3D
from mmuniformer.weights import CheckpointError, load_backbone

CLASSIFIER = {'out_indices': 3, 'out_norm': 'batch', 'out_cls_token': True}


def seeded(family: type = UniFormerLight, **options) -> UniFormerLight:
    torch.manual_seed(1)
    net = family(arch={**TINY, **options.pop('arch', {})}, **options)
    nn.init.normal_(net.cls_token)
    for module in net.modules():
        if isinstance(module, nn.Linear):
            nn.init.normal_(module.weight, std=0.3)
    return net


def image(*size: int, batch: int = 2) -> torch.Tensor:
    torch.manual_seed(0)
    return torch.randn(batch, 3, *(size or (96, 128)))


def count(net: nn.Module) -> int:
    return sum(parameter.numel() for parameter in net.parameters())


def head(arch: str, classes: int) -> int:
    return (LIGHT_ARCHS[arch].dims[-1] + 1) * classes


@pytest.mark.parametrize(
    ('family', 'arch', 'classes', 'params'),
    [
        (UniFormerLight, 'xxs', 1000, 10_215_280),
        (UniFormerLight, 'xs', 1000, 16_509_264),
        (UniFormerLight3D, 'xxs', 400, 9_833_896),
        (UniFormerLight3D, 'xxs_ls', 400, 9_840_616),
        (UniFormerLight3D, 'xs', 400, 16_099_552),
    ],
)
def test_classifiers_have_the_published_number_of_parameters(family, arch, classes, params):
    with torch.device('meta'):
        net = family(arch=arch, **CLASSIFIER)
    assert count(net) + 2 * head(arch, classes) == params


@pytest.mark.parametrize(('arch', 'params'), [('xxs', 9_317_168), ('xs', 15_483_136)])
def test_dense_backbones_have_the_published_number_of_parameters(arch, params):
    with torch.device('meta'):
        assert count(UniFormerLight(arch=arch)) == params


@pytest.mark.parametrize(('arch', 'entries'), [('xxs', 368), ('xs', 424)])
def test_layer_scale_has_two_factors_per_block_as_in_the_video_files(arch, entries):
    rows = LIGHT_ARCHS[arch]
    with torch.device('meta'):
        net = UniFormerLight3D(
            arch={'depths': rows.depths, 'dims': rows.dims, 'head_dim': 8, 'layer_scale': 0.1},
            **CLASSIFIER,
        )
    heads = 4
    assert len(net.state_dict()) + heads == entries


def test_the_classifiers_form_returns_the_normalized_map_and_class_token():
    net = seeded(**CLASSIFIER).eval()
    tokens = []
    net.blocks4[-1].register_forward_hook(lambda *args: tokens.append(args[-1].cls_token))
    maps, cls_token = net(image())
    assert maps.shape == (2, 32, 3, 4)
    torch.testing.assert_close(cls_token, net.norm_cls(tokens[0][:, 0]))
    torch.testing.assert_close(cls_token.mean(1), torch.zeros(2), atol=1e-5, rtol=0)
    without = seeded(out_indices=3, out_norm='batch').eval()
    without.load_state_dict(net.state_dict(), strict=False)
    assert torch.equal(without(image()), maps)
    assert not any('norm_cls' in key for key in without.state_dict())
    listed = seeded(**{**CLASSIFIER, 'out_indices': (3,)}).eval()
    listed.load_state_dict(net.state_dict())
    ((listed_maps, listed_token),) = listed(image())
    assert torch.equal(listed_maps, maps)
    assert torch.equal(listed_token, cls_token)


def test_the_first_block_of_stage_3_scores_and_all_later_ones_prune():
    net = seeded().eval()
    scores = []
    for block in (*net.blocks3, *net.blocks4):
        block.register_forward_hook(lambda _, inputs, out: scores.append((inputs[0].score, out)))
    net(image(96, 96))
    assert scores[0][0] is None
    assert all(score is not None for score, _ in scores[1:])
    moved = [(before != out.score).sum(1).tolist() for before, out in scores[1:]]
    assert moved == [[18, 18], [18, 18], [4, 4], [4, 4]]  # of 36 positions, then of 9
    torch.testing.assert_close(scores[3][0].sum(1), scores[2][1].score.sum(1))


def test_a_clip_of_two_frames_with_weights_inflated_in_the_center_is_its_first_frame(tmp_path):
    flat, deep = seeded(**CLASSIFIER).eval(), seeded(UniFormerLight3D, out_cls_token=True).eval()
    torch.save(flat.state_dict(), tmp_path / 'flat.pth')
    load_backbone(deep, tmp_path / 'flat.pth', inflation='center')
    clip = image(2, 96, 80)
    maps, cls_token = deep(clip)
    expected_maps, expected_token = flat(clip[:, :, 0])
    torch.testing.assert_close(maps[:, :, 0], expected_maps, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(cls_token, expected_token, rtol=1e-4, atol=1e-4)


def test_a_call_leaves_no_state():
    net = seeded().eval()
    first, _, again = net(image(64, 64)), net(image(97, 160, batch=1)), net(image(64, 64))
    assert all(torch.equal(left, right) for left, right in zip(first, again, strict=True))


def test_two_nets_in_two_threads_give_what_they_give_alone():
    nets = [seeded().eval(), seeded(arch={'depths': (1, 2, 4, 1)}).eval()]
    inputs = [image(96, 96), image(64, 128)]
    alone = [net(x) for net, x in zip(nets, inputs, strict=True)]
    together: list[list] = [[], []]
    start = threading.Barrier(2)

    def work(index: int) -> None:
        start.wait()
        together[index] = [nets[index](inputs[index]) for _ in range(20)]

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        threads = [threading.Thread(target=work, args=(index,)) for index in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    for expected, results in zip(alone, together, strict=True):
        assert len(results) == 20
        for outs in results:
            assert all(torch.equal(a, b) for a, b in zip(outs, expected, strict=True))


def test_scores_are_in_float32_at_least_whatever_the_precision():
    scores = []
    for prepare in (lambda net: net, lambda net: net.bfloat16(), lambda net: net.double()):
        net = prepare(seeded()).train()
        net.blocks4[-1].register_forward_hook(lambda *args: scores.append(args[-1].score))
        with torch.autocast('cpu', torch.bfloat16, enabled=net.cls_token.dtype is torch.float32):
            outs = net(image(97, 131).to(net.cls_token.dtype))
        sum(out.float().square().mean() for out in outs).backward()
        assert all(torch.isfinite(p.grad).all() for p in net.parameters())
    assert [score.dtype for score in scores] == [torch.float32, torch.float32, torch.float64]


@pytest.mark.parametrize('frozen_stages', [-1, 2, 3, 4])
def test_the_class_token_freezes_with_stage_3_and_its_upsampling_with_stage_4(frozen_stages):
    net = seeded(frozen_stages=frozen_stages).train()
    assert net.cls_token.requires_grad == (frozen_stages < 3)
    assert net.cls_upsample.weight.requires_grad == (frozen_stages < 4)
    assert net.blocks4[0].mlp.fc1.weight.requires_grad == (frozen_stages < 4)
    sum((out * torch.randn_like(out)).sum() for out in net(image(64, 64))).backward()
    assert (net.cls_token.grad is not None) == (frozen_stages < 3)


def test_layer_depth_counts_the_class_token_with_the_stages_that_take_it():
    net = seeded()
    assert net.get_layer_depth('cls_token') == net.get_layer_depth('blocks3.0.norm1.bias') == (3, 9)
    for name in ('cls_upsample.weight', 'cls_upsample.bias', 'blocks4.0.norm1.bias'):
        assert net.get_layer_depth(f'backbone.{name}', 'backbone.') == (6, 9)
    assert net.get_layer_depth('norm_cls.weight') == net.get_layer_depth('norm.weight') == (8, 9)


def test_stage_3_and_4_are_hourglass_blocks_with_the_shares_of_the_arch():
    net = seeded(arch={'prune_ratio': 0.25, 'trade_off': 0.75})
    blocks = [module for module in net.modules() if isinstance(module, HourglassBlock)]
    assert [(block.prune_ratio, block.trade_off) for block in blocks] == [(0.25, 0.75)] * 5
    assert blocks == [*net.blocks3, *net.blocks4]


def test_the_class_token_starts_at_zero_and_its_upsampling_as_released():
    net = UniFormerLight()
    assert net.cls_token.abs().sum() == 0
    assert net.cls_upsample.weight.std().item() == pytest.approx(0.02, rel=0.02)
    assert net.cls_upsample.bias.abs().sum() == 0


def test_a_released_image_file_loads_into_dense_classifier_and_video_nets(tmp_path):
    case = Case('cls_xxs')
    state = case.state_dict()
    torch.save({'model': state}, tmp_path / 'xxs.pth')
    dense = UniFormerLight()
    report = load_backbone(dense, tmp_path / 'xxs.pth')
    assert report.coverage == 1
    assert not report.missing_keys and not report.unexpected_keys
    assert {name[:5] for name in report.initialized} == {'norm1', 'norm2', 'norm3', 'norm4'}
    assert torch.equal(dense.cls_token, state['cls_token'])
    assert torch.equal(dense.cls_upsample.weight, state['cls_upsample.weight'])
    left = {name.split('.')[0] for name in report.heads}
    assert left == {'head', 'head_cls', 'norm', 'norm_cls'}

    report = load_backbone(UniFormerLight(**CLASSIFIER), tmp_path / 'xxs.pth')
    assert not report.missing_keys and not report.unexpected_keys and not report.initialized
    assert {name.split('.')[0] for name in report.heads} == {'head', 'head_cls'}

    video = UniFormerLight3D()
    report = load_backbone(video, tmp_path / 'xxs.pth')
    assert report.coverage == 1
    assert {name.split('.')[0] for name in report.heads} == {'head', 'head_cls', 'norm_cls'}
    stem = video.patch_embed1.proj[0].weight  # (28, 3, 3, 3, 3)
    torch.testing.assert_close(stem.sum(2), state['patch_embed1.proj.0.weight'])
    assert torch.equal(stem[:, :, 0], stem[:, :, 2])


def test_a_dense_file_starts_a_classifier_with_new_norms(tmp_path):
    torch.save({'state_dict': seeded().state_dict(), 'meta': {}}, tmp_path / 'dense.pth')
    report = load_backbone(seeded(**CLASSIFIER), tmp_path / 'dense.pth')
    assert {name.split('.')[0] for name in report.initialized} == {'norm', 'norm_cls'}
    assert not report.missing_keys


def test_plain_and_light_files_are_not_mistaken_for_each_other(tmp_path):
    plain = UniFormer(arch={**TINY, 'mlp_ratios': (3,) * 4})
    path = tmp_path / 'file.pth'
    torch.save(plain.state_dict(), path)
    with pytest.raises(CheckpointError, match='it is not a light .hourglass. UniFormer; use UniFo'):
        load_backbone(seeded(), path)
    torch.save(seeded().state_dict(), path)
    with pytest.raises(CheckpointError, match='light .hourglass. UniFormer; use UniFormerLight'):
        load_backbone(plain, path)
    torch.save(seeded(arch={'layer_scale': 0.1}).state_dict(), path)
    with pytest.raises(CheckpointError, match=r'it has layer scale \(xxs_ls\)'):
        load_backbone(seeded(), path)


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        ({'arch': 'small'}, "arch 'small' is not a light net; use UniFormer or UniFormer3D"),
        ({'arch': 'tiny'}, "unknown arch 'tiny'; there are xxs, xxs_ls, xs"),
        ({'arch': {'prune_ratios': 0.5}}, "no field \\['prune_ratios'\\]; there are depths"),
        ({'arch': {'prune_ratio': 1.0}}, 'prune_ratio 1.0 is not between 0 and 1'),
        ({'arch': {'trade_off': -0.5}}, r'trade_off -0.5 is outside \[0, 1\]'),
        ({'arch': {'stem': 'conv'}}, "leave out arch stem, got 'conv'"),
        (
            {'arch': {'stage_types': ['global'] * 4}},
            "no field \\['stage_types'\\]; there are depths",
        ),
        ({'arch': {'head_dim': 48}}, 'head_dim 48 does not divide the 224 channels'),
        ({'attention': 'window'}, r"attention 'window' is none of \('global',\)"),
        ({'out_cls_token': True}, "use it with out_norm='batch' and out_indices=3"),
    ],
)
def test_a_bad_argument_is_refused_with_what_is_allowed(options, message):
    with pytest.raises(ValueError, match=message):
        UniFormerLight(**options)


def test_a_plain_net_refuses_a_light_arch_and_a_light_net_windows():
    with pytest.raises(ValueError, match="'xxs' is a light net; use UniFormerLight or UniFormerL"):
        UniFormer(arch='xxs')
    with pytest.raises(TypeError, match='UniFormerLight has no windows, and no window_size'):
        UniFormerLight(window_size=14)
    with pytest.raises(TypeError, match='UniFormerLight3D has no windows'):
        UniFormerLight3D(window_size=14)
    with pytest.raises(ValueError, match="attention 'global' is none of"):
        UniFormerLight3D(attention='global')
    with pytest.raises(ValueError, match=r'takes \(B, C, T, H, W\)'):
        seeded(UniFormerLight3D)(image(64, 64))
