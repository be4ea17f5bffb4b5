"""``mim search`` and ``mim download`` with the installed wheel and a web server on this machine."""

import json
import sys
from pathlib import Path

import pytest
import torch
import yaml
from http_site import Site
from mmengine.config import Config
from wheels import run

pytest.importorskip('mim')
pytest.importorskip('mmpose')
ROOT = Path(__file__).resolve().parents[2]
NAME = 'td_hm_uniformer_s_256x192'


@pytest.fixture
def mim(site, tmp_path):
    def run_mim(*words: str) -> str:
        python = (sys.executable, '-W', 'ignore', '-m', 'mim')
        return run(*python, *words, cwd=tmp_path, PYTHONPATH=str(site), NO_PROXY='127.0.0.1')

    return run_mim


def found(mim, tmp_path, *options: str) -> dict:
    mim('search', 'mmuniformer', *options, '--json', 'found.json')
    return json.loads((tmp_path / 'found.json').read_text())


def test_search_finds_by_model_by_data_set_and_by_condition(mim, tmp_path):
    columns = found(mim, tmp_path, '--model', 'uniformer-pose')
    assert len(columns['config']) == 8
    assert columns['parameters'][NAME] == 25232465
    assert columns['coco/ap'][NAME] == 74.0
    assert columns['weight'][NAME].endswith('top_down_256x192_global_small-d4a7fdac_20230724.pth')
    columns = found(mim, tmp_path, '--dataset', 'ade20k', '--condition', 'parameters<30000000')
    names = set(columns['config'])
    assert 'fpn_uniformer_s_g_80k' in names and 'fpn_uniformer_xxs_80k' in names
    assert not [name for name in names if '_b_' in name or 'upernet' in name]


def test_download_brings_the_file_and_a_config_that_stands_alone(mim, site, tmp_path, monkeypatch):
    torch.save({'state_dict': {'weight': torch.arange(5.0)}}, tmp_path / 'served.pth')
    server = Site((tmp_path / 'served.pth').read_bytes())
    metafile = site / 'mmuniformer' / '.mim' / 'configs' / 'pose' / 'metafile.yml'
    original = metafile.read_text()
    content = yaml.safe_load(original)
    (entry,) = [model for model in content['Models'] if model['Name'] == NAME]
    entry['Weights'] = f'{server.url}/file.pth'
    try:
        metafile.write_text(yaml.safe_dump(content))
        out = mim('download', 'mmuniformer', '--config', NAME, '--dest', 'taken')
    finally:
        metafile.write_text(original)
        server.close()
    assert 'Successfully downloaded file.pth' in out
    assert (tmp_path / 'taken' / 'file.pth').read_bytes() == server.content
    taken = Config.fromfile(tmp_path / 'taken' / f'{NAME}.py')
    ours = Config.fromfile(ROOT / 'configs' / 'pose' / f'{NAME}.py')
    assert taken.to_dict() == ours.to_dict()


def test_run_finds_the_tools_by_their_names(mim, tmp_path):
    assert '12 of 168 files' in mim('run', 'mmuniformer', 'zoo', 'list', '--task', 'pose')
