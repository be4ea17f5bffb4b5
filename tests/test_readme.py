"""What README and docstrings show, runs."""

import doctest
import re
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.optim import build_optim_wrapper

from mmuniformer.models import UniFormer, uniformer, uniformer3d, uniformer_light, uniformer_v2

README = Path(__file__).resolve().parents[1] / 'README.md'
BLOCKS = re.findall(r'```python\n(.*?)```', README.read_text(), re.DOTALL)
PRETRAINED, CONFIG, FEATURES, EXTRACTOR, FINE_TUNING = BLOCKS
EXAMPLES = (uniformer, uniformer3d, uniformer_light, uniformer_v2)


def test_the_first_lines_load_a_released_file_by_its_name(tmp_path, monkeypatch):
    torch.manual_seed(0)
    donor = UniFormer(arch='small')
    cached = tmp_path / 'hub' / 'checkpoints' / 'uniformer_small_in1k.pth'
    cached.parent.mkdir(parents=True)
    state = {k: v for k, v in donor.state_dict().items() if not re.match(r'norm\d', k)}
    torch.save(state, cached)
    monkeypatch.setenv('TORCH_HOME', str(tmp_path))
    names = {}
    exec(PRETRAINED, names)
    shapes = [tuple(feature.shape) for feature in names['features']]
    assert shapes == [(1, 64, 56, 80), (1, 128, 28, 40), (1, 320, 14, 20), (1, 512, 7, 10)]
    loaded = names['net'].state_dict()
    assert all(torch.equal(loaded[key], value) for key, value in state.items())


ROWS = re.findall(r'\[\w+\]\((configs/\w+/\w+\.py)\) \| (.*) \|', README.read_text())


@pytest.mark.parametrize(('config', 'metrics'), ROWS)
def test_a_result_is_that_of_the_config(config, metrics):
    header = (README.parent / config).read_text().split('"""')[1]
    expected = ' '.join(header.partition('Expected on')[2].split())
    for metric in metrics.split(', '):
        assert f'{metric}' in expected


def test_every_task_has_results():
    assert {config.split('/')[1] for config, _ in ROWS} == {'cls', 'det', 'pose', 'seg', 'video'}


def test_the_lines_for_features_give_maps_of_the_channels_and_strides_they_print(capsys):
    names = {}
    exec(FEATURES, names)
    printed = '(128, 320, 512) (8, 16, 32)'
    assert capsys.readouterr().out.strip().endswith(printed)
    shapes = [tuple(feature.shape) for feature in names['features']]
    assert shapes == [(1, 128, 28, 28), (1, 320, 14, 14), (1, 512, 7, 7)]


def test_the_lines_for_the_feature_extractor_give_the_mean_of_the_last_map(monkeypatch):
    pytest.importorskip('mmpretrain')
    monkeypatch.chdir(README.parent)
    names = {}
    exec(EXTRACTOR, names)
    vector, extractor = names['vector'], names['extractor']
    (last,) = extractor('docs/images/quickstart.jpg', stage='backbone')
    assert vector.shape == (512,) and last.shape == (512, 7, 7)
    assert torch.allclose(vector, last.mean((1, 2)), atol=1e-5) and vector.std() > 0


def test_the_config_lines_build_a_backbone_that_fits_their_neck():
    model = Config.fromstring(CONFIG, '.py').model
    options = {k: v for k, v in model.backbone.items() if k not in ('_delete_', 'type')}
    net = UniFormer(**options)
    assert list(net.out_channels) == list(model.neck.in_channels)
    assert net.num_recomputed == (0, 0, 8, 0)


def test_the_fine_tuning_lines_give_the_rates_they_say():
    backbone = UniFormer(arch=dict(depths=(1, 1, 1, 1), dims=(16, 32, 64, 64), head_dim=16))
    model = torch.nn.ModuleDict({'backbone': backbone, 'roi_head': torch.nn.Linear(4, 4)})
    cfg = Config.fromstring(FINE_TUNING, '.py').optim_wrapper
    groups = build_optim_wrapper(model, cfg).optimizer.param_groups
    rates = {parameter: group['lr'] for group in groups for parameter in group['params']}
    assert rates[model['roi_head'].weight] == pytest.approx(2e-4)
    # The first of six layers: patch_embed1, four blocks, and the layers after them.
    assert rates[backbone.patch_embed1.proj.weight] == pytest.approx(1e-4 * 0.9**5)
    decays = {parameter: group['weight_decay'] for group in groups for parameter in group['params']}
    assert decays[backbone.blocks3[0].norm1.weight] == decays[backbone.patch_embed1.proj.bias] == 0
    assert decays[backbone.blocks3[0].attn.qkv.weight] == pytest.approx(0.05)


def test_files_that_readme_links_to_are_there():
    links = re.findall(r'\]\((?!http)([^)#]+)\)', README.read_text())
    assert len(links) >= 5
    assert [link for link in links if not (README.parent / link).exists()] == []


@pytest.mark.parametrize('module', EXAMPLES, ids=lambda module: module.__name__)
def test_the_examples_in_docstrings_print_what_they_say(module):
    result = doctest.testmod(module)
    assert result.attempted > 0
    assert result.failed == 0
