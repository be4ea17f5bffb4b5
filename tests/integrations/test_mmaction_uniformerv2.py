"""mmaction2: the drop-in for its UniFormerV2."""

import functools
import importlib.util
from pathlib import Path

import pytest
import torch
from torch import nn

import mmuniformer  # noqa: F401
from mmuniformer.models.uniformer_v2 import UniFormerV2 as Ours

pytest.importorskip('mmaction')
TINY = {
    **{'input_resolution': 32, 'patch_size': 8, 'width': 32, 'layers': 3, 'heads': 4},
    **{'return_list': [1, 2], 'n_layers': 2, 'n_dim': 32, 'n_head': 2, 'mlp_factor': 2.0},
    **{'mlp_dropout': [0.0, 0.0], 'clip_pretrained': False},
}
SSV = {'no_lmhra': False, 'double_lmhra': True, 'temporal_downsample': True}


def configs() -> list[Path]:
    root = Path(importlib.util.find_spec('mmaction').origin).parent
    return sorted((root / '.mim/configs/recognition/uniformerv2').glob('*.py'))


def stock_class() -> type:
    from mmaction.models.backbones.uniformerv2 import UniFormerV2

    return UniFormerV2


@pytest.mark.parametrize('path', configs(), ids=lambda path: path.stem)
def test_every_stock_config_builds_the_tensors_of_the_stock_class(
    mmaction_models, path, monkeypatch
):
    # The stock class asks for the values of its drop path rates, which meta tensors have not.
    monkeypatch.setattr(torch, 'linspace', functools.partial(torch.linspace, device='cpu'))
    from mmengine.config import Config

    backbone = Config.fromfile(path).model.backbone
    with torch.device('meta'):
        ours = mmaction_models.build(backbone)
        stock = stock_class()(**{k: v for k, v in backbone.items() if k != 'type'})
    assert ours.arch.head_dim == ours.arch.global_head_dim == 64
    assert {k: v.shape for k, v in ours.state_dict().items()} == {
        k: v.shape for k, v in stock.state_dict().items()
    }


@pytest.mark.parametrize('options', [{}, SSV, {**SSV, 'double_lmhra': False}])
def test_it_gives_what_the_stock_class_gives_and_learns_as_it_does(mmaction_models, options):
    torch.manual_seed(0)
    stock = stock_class()(**TINY, **options, t_size=4)
    for parameter in stock.parameters():
        nn.init.normal_(parameter, std=0.2)
    ours = mmaction_models.build({'type': 'UniFormerV2', **TINY, **options})
    ours.load_state_dict(stock.state_dict())
    clip = torch.randn(2, 3, 4, 32, 32)
    for net in (stock.eval(), ours.eval()):
        net.out = net(clip)
    torch.testing.assert_close(ours.out, stock.out, rtol=1e-4, atol=1e-5)
    for net in (stock.train(), ours.train()):
        (net(clip) * torch.arange(32)).sum().backward()
    expected = dict(stock.named_parameters())
    for name, parameter in ours.named_parameters():
        scale = expected[name].grad.abs().max().item()
        torch.testing.assert_close(parameter.grad, expected[name].grad, rtol=0, atol=1e-4 * scale)
    for (name, ours_), (_, theirs) in zip(ours.named_buffers(), stock.named_buffers(), strict=True):
        torch.testing.assert_close(ours_, theirs, rtol=1e-4, atol=1e-5, msg=name)


def test_released_names_and_mmaction2s_are_both_understood(mmaction_models):
    net = mmaction_models.build({'type': 'UniFormerV2', **TINY})
    nn.init.normal_(net.transformer.norm.weight)
    ours = Ours(arch=net.arch, global_layers=(1, 2))
    ours.load_state_dict(net.state_dict())
    assert torch.equal(ours.transformer.proj[0].weight, net.transformer.norm.weight)
    nn.init.normal_(ours.transformer.proj[0].weight)
    net.load_state_dict(ours.state_dict())
    assert torch.equal(net.transformer.norm.weight, ours.transformer.proj[0].weight)


def test_a_pretrained_file_is_loaded_whatever_names_it_has(mmaction_models, tmp_path):
    source = mmaction_models.build({'type': 'UniFormerV2', **TINY})
    nn.init.normal_(source.transformer.norm.bias)
    path = str(tmp_path / 'file.pth')
    torch.save({'state_dict': {f'backbone.{k}': v for k, v in source.state_dict().items()}}, path)
    net = mmaction_models.build({'type': 'UniFormerV2', **TINY, 'pretrained': path})
    net.init_weights()
    assert all(torch.equal(v, source.state_dict()[k]) for k, v in net.state_dict().items())


def test_names_of_pretrained_vits_are_mmaction2s_files(mmaction_models):
    with torch.device('meta'):
        net = mmaction_models.build({'type': 'UniFormerV2', 'pretrained': 'ViT-B/16'})
    assert net.init_cfg['checkpoint'].endswith('vit-base-p16-res224_clip-rgb_20221219-b8a5da86.pth')


def test_our_own_arguments_are_taken_too(mmaction_models):
    with torch.device('meta'):
        net = mmaction_models.build({'type': 'UniFormerV2', 'arch': 'b16', 'drop_path_rate': 0.3})
        stock = mmaction_models.build({'type': 'UniFormerV2', **TINY, 'drop_path_rate': 0.3})
        maps = mmaction_models.build({'type': 'UniFormerV2', 'arch': 'b16', 'out_indices': (2, 11)})
    assert net.transformer.resblocks[-1].drop_path.rate == pytest.approx(0.3)
    assert stock.transformer.resblocks[-1].drop_path.rate == 0
    assert stock.transformer.dec[-1].drop_path.rate == pytest.approx(0.3)
    assert maps.out_channels == (768, 768)


@pytest.mark.parametrize(
    ('options', 'error', 'message'),
    [
        ({'kernel_size': 5}, ValueError, 'kernel_size 5: the patch convolution sees 3 frames'),
        ({'n_layers': 3}, ValueError, 'return_list names 4 layers and n_layers says 3'),
        ({'mlp_dropout': [0.5]}, ValueError, 'return_list names 4 layers and mlp_dropout says 1'),
        ({'n_dim': 512}, ValueError, 'n_dim 512 is not the width 768'),
        ({'n_head': 7}, ValueError, 'n_head 7 does not divide the width 768'),
        ({'arch': 'b16', 'width': 768}, TypeError, 'already says what width would say'),
        ({'frames': 16}, TypeError, 'frames'),
    ],
)
def test_what_it_cannot_do_is_refused(mmaction_models, options, error, message):
    with torch.device('meta'), pytest.raises(error, match=message):
        mmaction_models.build({'type': 'UniFormerV2', **options})
