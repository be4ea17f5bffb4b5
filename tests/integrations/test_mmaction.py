"""mmaction2: the drop-in for its UniFormer, and the module its wheel lacks."""

import importlib.util
import sys
from pathlib import Path

import pytest
import torch
from reference import Case

import mmuniformer  # noqa: F401
from mmuniformer.models import UniFormer3D, UniFormerV2

pytest.importorskip('mmaction')
SMALL = {'depth': [3, 4, 8, 3], 'embed_dim': [64, 128, 320, 512], 'head_dim': 64}
TINY = {'depth': [1, 1, 2, 1], 'embed_dim': [8, 8, 16, 16], 'head_dim': 8}


STOCK = Path(importlib.util.find_spec('mmaction').origin).parent / '.mim/configs/recognition'


@pytest.mark.parametrize(
    ('recorded', 'config', 'family', 'tolerance'),
    [
        (
            'mmaction2_uniformer_small',
            'uniformer/uniformer-small_imagenet1k-pre_16x4x1_kinetics400-rgb.py',
            *(UniFormer3D, 1e-4),
        ),
        (
            'mmaction2_uniformerv2_b16',
            'uniformerv2/uniformerv2-base-p16-res224_clip_8xb32-u8_kinetics400-rgb.py',
            *(UniFormerV2, 1e-5),
        ),
    ],
)
def test_a_stock_recognizer_gives_the_recorded_scores_and_features(
    recorded, config, family, tolerance, mmaction_models
):
    from mmengine.config import Config
    from mmengine.runner import load_state_dict

    case = Case(recorded)
    model = mmaction_models.build(Config.fromfile(STOCK / config).model).eval()
    assert isinstance(model.backbone, family)
    state = {k: v for k, v in model.state_dict().items() if not k.startswith('data_preprocessor')}
    assert {k: list(v.shape) for k, v in state.items()} == case.manifest
    load_state_dict(model, case.state_dict(), strict=False)
    with torch.no_grad():
        features = model.backbone(case.input())
        scores = model.cls_head(features)
    assert max(case.output_errors([scores, features])) < tolerance


@pytest.mark.parametrize('path', sorted((STOCK / 'uniformer').glob('*.py')), ids=lambda p: p.stem)
def test_every_stock_config_builds_ours_with_its_parameters(mmaction_models, path):
    from mmaction.models.backbones.uniformer import UniFormer as Stock
    from mmengine.config import Config

    cfg = Config.fromfile(path)
    with torch.device('meta'):
        ours = mmaction_models.build(cfg.model).backbone
    stock = Stock(**{key: value for key, value in cfg.model.backbone.items() if key != 'type'})
    assert isinstance(ours, UniFormer3D)
    shapes = {key: value.shape for key, value in stock.state_dict().items()}
    assert {key: value.shape for key, value in ours.state_dict().items()} == shapes


def test_it_gives_what_the_stock_class_gives_and_trains(mmaction_models):
    from mmaction.models.backbones.uniformer import UniFormer as Stock

    torch.manual_seed(0)
    stock = Stock(**TINY).eval()
    ours = mmaction_models.build({'type': 'UniFormer', **TINY, 'with_cp': True})
    ours.load_state_dict(stock.state_dict())
    clip = torch.randn(1, 3, 4, 32, 64)
    torch.testing.assert_close(ours.eval()(clip), stock(clip), rtol=1e-4, atol=1e-5)
    ours.train()(torch.cat([clip, clip.flip(2)])).square().mean().backward()
    assert all(parameter.grad is not None for parameter in ours.parameters())


def test_pretrained_image_weights_are_put_in_the_center_as_in_mmaction2(mmaction_models, tmp_path):
    from mmuniformer.models import UniFormer

    image = UniFormer(
        arch={'depths': TINY['depth'], 'dims': TINY['embed_dim'], 'head_dim': 8},
        out_indices=3,
        out_norm='batch',
    )
    path = str(tmp_path / 'in1k.pth')
    torch.save(image.state_dict(), path)
    net = mmaction_models.build({'type': 'UniFormer', **TINY, 'pretrained': path})
    net.init_weights()
    weight = net.blocks1[0].attn.weight
    assert torch.equal(weight[:, :, 2], image.blocks1[0].attn.weight)
    assert weight.abs().sum() == image.blocks1[0].attn.weight.abs().sum()


def test_the_default_is_base_and_our_own_arguments_are_taken_too(mmaction_models):
    with torch.device('meta'):
        net = mmaction_models.build({'type': 'UniFormer'})
        named = mmaction_models.build(
            {'type': 'UniFormer', 'arch': 'base', 'out_indices': (2, 3), 'out_norm': 'layer'}
        )
    assert net.depths == named.depths == (5, 8, 20, 7)
    assert (net.arch.norm_eps, named.arch.norm_eps) == (1e-5, 1e-6)
    assert named.out_channels == (320, 512)


@pytest.mark.parametrize(
    ('options', 'error', 'message'),
    [
        ({'qkv_bias': False}, ValueError, 'leave both out'),
        ({'qk_scale': 0.5}, ValueError, 'leave both out'),
        ({'arch': 'small', 'depth': [1, 1, 1, 1]}, TypeError, 'already says what depth would say'),
        ({'frames': 16}, TypeError, 'frames'),
    ],
)
def test_what_it_cannot_do_is_refused(mmaction_models, options, error, message):
    with pytest.raises(error, match=message):
        mmaction_models.build({'type': 'UniFormer', **options})


def test_the_module_missing_from_the_wheel_raises_on_use_alone(mmaction_models):
    import mmaction.models.localizers as localizers

    package = Path(localizers.__file__).parent / 'drn'
    if package.exists():
        pytest.skip('this mmaction2 has its DRN')
    assert sys.modules['mmaction.models.localizers.drn'].__spec__.loader is not None
    with pytest.raises(ImportError, match='missing from this mmaction2'):
        localizers.DRN()


def test_an_mmaction2_that_does_not_import_is_left_alone_with_a_word(monkeypatch):
    from mmaction import registry

    from mmuniformer.integrations import mmaction2

    monkeypatch.delattr(sys.modules['mmaction'], 'registry')
    monkeypatch.setitem(sys.modules, 'mmaction.registry', None)
    locations = {name: list(getattr(registry, name)._locations) for name in mmaction2._MODULES}
    said = []
    monkeypatch.setattr(mmaction2, 'print_log', lambda text, **options: said.append(text))
    mmaction2.register_bare_names(lazily=False)
    assert ['names are left alone' in text for text in said] == [True]
    assert locations == {name: getattr(registry, name)._locations for name in locations}
