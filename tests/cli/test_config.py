"""``mmuniformer config`` prints a config that is the config, and where each value comes from."""

import re
from pathlib import Path

import pytest
from mmengine.config import Config

from mmuniformer import cli
from mmuniformer.apis.config_sources import describe_config, find_source, read_layers
from mmuniformer.apis.configs import find_config

NAMES = [
    'uniformer_s_16x4_k400_test_1x1',
    'uniformerv2_l14_336_64_k700_k710_pre',
    'fast_rcnn_uniformer_s_16x4_ava22_k400_pre',
    'mask_rcnn_uniformer_s_h14_1x',
    'upernet_uniformer_b_g_160k_test_h32',
    'td_hm_uniformer_s_256x192',
    'uniformer_b_tl_in1k_384',
]
for toolbox in ('mmdet', 'mmseg', 'mmpose', 'mmpretrain', 'mmaction'):
    pytest.importorskip(toolbox)


def execute(text: str) -> dict:
    names: dict = {}
    exec(text, {}, names)
    return names


def run(capsys, *arguments: str) -> str:
    cli.main(['config', *arguments])
    return capsys.readouterr().out


@pytest.mark.parametrize('name', NAMES)
def test_the_text_of_a_config_is_python_with_the_same_values(name, capsys):
    assert execute(run(capsys, name)) == Config.fromfile(find_config(name)).to_dict()


@pytest.mark.parametrize('name', NAMES[:3])
def test_a_source_has_the_value_and_inherits_it_from_no_file(name):
    layer = read_layers(name)
    assert len(list(layer.walk())) > 1
    for key, value in layer.values.items():
        source = find_source(layer, (key,))
        assert source.values[key] == value
        assert all(key not in base.values or base.values[key] != value for base in source.bases)


def test_the_file_that_sets_a_value_is_named(tmp_path, monkeypatch, capsys):
    (tmp_path / 'below.py').write_text('a = 1\nb = dict(c=2, d=[3, dict(e=4)])\nk = dict(x=1)\n')
    (tmp_path / 'other.py').write_text("_base_ = './below.py'\nb = dict(d=[5])\na = 1\nf = (6,)\n")
    monkeypatch.chdir(tmp_path)
    assert run(capsys, 'other.py', '--cfg-options', 'k.x=9', 'k.y=a') == (
        '# --cfg-options\n'
        '#   inherits other.py\n'
        '#   inherits below.py\n'
        '\n'
        'a = 1  # below.py\n'
        'b = dict(\n'
        '    c=2,  # below.py\n'
        '    d=[5],  # other.py\n'
        ')\n'
        'k = dict(\n'
        '    x=9,  # --cfg-options\n'
        "    y='a',  # --cfg-options\n"
        ')\n'
        'f = (6,)  # other.py\n'
    )


def test_what_a_function_of_recipes_returns_comes_from_the_config_that_calls_it():
    layer = read_layers('uniformer_s_16x4_k400_test_1x1')
    places = {
        ('model',): 'video/uniformer_s_16x4_k400.py',
        ('test_pipeline',): 'video/uniformer_s_16x4_k400_test_1x1.py',
        ('test_dataloader', 'batch_size'): 'video/uniformer_s_16x4_k400.py',
        ('default_hooks', 'timer'): '_base_/video/runtime.py',
    }
    found = {keys: find_source(layer, keys).name for keys in places}
    assert found == {keys: f'configs/{name}' for keys, name in places.items()}


def test_a_value_of_a_toolbox_comes_from_its_file_though_mmengine_adds_a_scope():
    layer = read_layers('mask_rcnn_uniformer_s_h14_1x')
    hooks = find_source(layer, ('default_hooks', 'timer'))
    assert hooks.name == 'mmdet::_base_/default_runtime.py'
    assert find_source(layer, ('model', 'backbone', 'arch')).name.startswith('configs/')
    with pytest.raises(KeyError, match=r'model\.backbone\.archh'):
        find_source(layer, ('model', 'backbone', 'archh'))


def test_keys_that_are_no_names_and_long_values_are_written_as_python_too(tmp_path):
    values = {
        'keys': {
            'a-b': [{'class': 'x' * 50, 'tuple': (1,)}],
            '.norm': dict(decay_mult=0.0, n=None),
        },
        'deep': [[1] * 40, ('a' * 40, {'b': ('c' * 40,)}), [], {}],
    }
    path = tmp_path / 'odd.py'
    path.write_text('\n'.join(f'{key} = {value!r}' for key, value in values.items()))
    text = describe_config(read_layers(path))
    assert execute(text) == values
    assert max(map(len, re.sub('  # .*', '', text).splitlines())) <= 100


@pytest.mark.parametrize('name', NAMES)
def test_a_dump_reads_back_equal_and_is_never_overwritten(name, tmp_path, capsys):
    out = tmp_path / 'deep' / 'whole.py'
    said = run(capsys, name, '--dump', str(out), '--cfg-options', 'train_cfg.max_epochs=3')
    assert said == f'{out} written\n'
    wanted = Config.fromfile(find_config(name))
    wanted.merge_from_dict({'train_cfg.max_epochs': 3})
    assert Config.fromfile(out).to_dict() == wanted.to_dict()
    content = out.read_bytes()
    with pytest.raises(SystemExit, match='2'):
        cli.main(['config', name, '--dump', str(out)])
    assert capsys.readouterr().err == f'error: {out} exists already; name another file\n'
    assert out.read_bytes() == content


@pytest.mark.parametrize(
    ('arguments', 'words'),
    [
        (['uniformer_s_16x4_k40'], 'similar names: uniformer_s_16x4_k400'),
        (['uniformer_s_16x4_k400', '--dump', 'a.json'], 'a.json does not end in .py'),
    ],
)
def test_what_cannot_be_done_is_refused_in_one_line(
    arguments, words, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit, match='2'):
        cli.main(['config', *arguments])
    error = capsys.readouterr().err
    assert error.startswith('error: ') and words in error and error.count('\n') == 1
    assert list(Path().iterdir()) == []


@pytest.mark.parametrize('columns', ['60', '300'])
def test_a_terminal_of_any_width_shows_all_of_the_text_in_color(columns, monkeypatch, capsys):
    plain = run(capsys, 'uniformer_s_16x4_k400')
    monkeypatch.setattr('sys.stdout.isatty', lambda: True)
    monkeypatch.setenv('FORCE_COLOR', '1')
    monkeypatch.setenv('COLUMNS', columns)
    colored = run(capsys, 'uniformer_s_16x4_k400')
    assert '\x1b[' in colored
    stripped = re.sub(r'\x1b\[[0-9;]*m', '', colored)
    assert ''.join(stripped.split()) == ''.join(plain.split())
