"""Reproduction: published beside ours, real tests, and no work lost to an interruption."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from commands import refuse_command
from mmengine.config import Config

from mmuniformer.apis.configs import load_config
from mmuniformer.apis.cost import complexity
from mmuniformer.apis.flops import count_flops
from mmuniformer.apis.model import build_model
from mmuniformer.apis.reproduction import accuracy, figures, published, results, rows
from mmuniformer.apis.toolbox import find_toolbox

for toolbox in ('mmdet', 'mmseg', 'mmpose'):
    pytest.importorskip(toolbox)

CASCADES = [f'cascade_mask_rcnn_uniformer_{size}_h14_3x_ms' for size in 'sb']
MINI = 'mini_mask_rcnn_uniformer_s_h14'


def read_report(out: Path) -> dict[tuple[str, str], dict]:
    with (out / 'report.csv').open(newline='', encoding='utf-8') as file:
        return {(line['config'], line['quantity']): line for line in csv.DictReader(file)}


def kept(out: Path) -> dict:
    path = out / 'results.json'
    return json.loads(path.read_text()) if path.exists() else {}


@pytest.fixture(scope='module')
def interrupted(user_env, tmp_path_factory) -> tuple[Path, dict, subprocess.Popen]:
    """Table 6, interrupted from the keyboard as soon as its first row was kept.

    More tables follow it, so that on a busy machine the signal still finds something to interrupt.
    """
    out = tmp_path_factory.mktemp('table6')
    command = [sys.executable, '-m', 'mmuniformer', 'reproduce', 'table6', 'table7', 'table9']
    process = subprocess.Popen(
        [*command, '--no-latency', '--out', out], env=user_env, text=True, stderr=subprocess.PIPE,
        # A shell starts what runs in its background deaf to the keyboard.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    while not kept(out) and process.poll() is None:
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGINT)
    _, process.errors = process.communicate(timeout=120)
    return out, kept(out), process


@pytest.fixture(scope='module')
def resumed(interrupted, python_tool) -> Path:
    out = interrupted[0]
    python_tool('reproduce.py', 'table6', '--no-latency', '--out', out)
    return out


def test_an_interruption_keeps_the_first_row_and_reports_it(interrupted):
    _, first, process = interrupted
    assert process.returncode == 130
    assert 'the same command continues' in process.errors
    assert next(iter(first)) == CASCADES[0] and len(first) < 3
    assert first[CASCADES[0]]['cost']['value']['parameters'] == pytest.approx(79e6, rel=0.01)


def test_the_same_command_goes_on_after_an_interruption(interrupted, resumed):
    now = kept(resumed)
    assert now[CASCADES[0]] == interrupted[1][CASCADES[0]]
    assert now[CASCADES[1]]['cost']['when'] > now[CASCADES[0]]['cost']['when']


def test_a_table_has_the_papers_numbers_as_printed_and_ours_beside(resumed):
    report = read_report(resumed)
    paper = {
        'parameters': ('79', '107'), 'FLOPs': ('747', '878'),
        'box_AP': ('52.1', '53.8'), 'box_AP50': ('71.1', '72.8'), 'box_AP75': ('56.6', '58.5'),
        'mask_AP': ('45.2', '46.4'), 'mask_AP50': ('68.3', '69.9'), 'mask_AP75': ('48.9', '50.4'),
    }  # fmt: skip
    for quantity, printed in paper.items():
        lines = [report[config, quantity] for config in CASCADES]
        assert tuple(line['paper'] for line in lines) == printed
        for line in lines:
            if quantity in ('parameters', 'FLOPs'):
                assert float(line['ours']) == pytest.approx(float(line['paper']), rel=0.01)
            else:
                assert line['ours'] == 'no checkpoint'
    assert {report[config, 'latency']['ours'] for config in CASCADES} == {'not run'}
    text = (resumed / 'report.md').read_text()
    assert f'| {CASCADES[0]} | 79 | 79.04 | 747 | 747.09 | not run | 52.1 | no checkpoint |' in text
    for figure in ('accuracy_table6.png', 'flops_resolution.png'):
        assert f'({figure})' in text
        assert (resumed / figure).read_bytes().startswith(b'\x89PNG')


def test_light_models_are_in_tables_of_their_own_with_the_numbers_of_the_readme():
    rows = [*published.find_rows('light_det'), *published.find_rows('light_seg')]
    printed = {row.config: (row.params_M, row.flops_G, *row.metrics.values()) for row in rows}
    assert printed == {
        'mask_rcnn_uniformer_xxs_1x': ('29.4', '', '42.8', '39.2'),
        'mask_rcnn_uniformer_xs_1x': ('35.6', '', '44.6', '40.9'),
        'fpn_uniformer_xxs_80k': ('13.5', '', '42.3'),
        'fpn_uniformer_xs_80k': ('19.7', '', '44.4'),
    }
    assert not any(published.is_light(row.config) for row in published.find_rows('table5'))


@pytest.fixture(scope='module')
def workspace(python_tool, tmp_path_factory) -> Path:
    """A folder with four images to test on, and a checkpoint of random weights."""
    folder = tmp_path_factory.mktemp('workspace')
    python_tool('make_mini_data.py', 'coco', '--train', 4, '--val', 4, cwd=folder)
    (folder / 'checkpoints').mkdir()
    torch.manual_seed(5)
    state = build_model(MINI).state_dict()
    torch.save({'state_dict': state}, folder / 'checkpoints' / f'{MINI}.pth')
    return folder


@pytest.fixture(scope='module')
def mini(workspace, python_tool):
    """Run the command on the mini config, in the workspace."""

    def run(*args: object):
        return python_tool('reproduce.py', '--configs', MINI, '--out', 'out', *args, cwd=workspace)

    return run


@pytest.fixture(scope='module')
def tested(mini, workspace) -> dict:
    mini('--checkpoints', 'checkpoints', '--latency-shape', 64, 64)
    return kept(workspace / 'out')[MINI]


def test_the_metrics_are_those_of_test_py(tested, workspace, python_tool):
    python_tool('test.py', MINI, f'checkpoints/{MINI}.pth', '--work-dir', 'tested', cwd=workspace)
    (log,) = (workspace / 'tested').glob('*/*.json')
    metrics = json.loads(log.read_text())
    assert tested['test']['value'] == {name: metrics[name] for name in tested['test']['value']}
    assert set(tested['test']['value']) >= {'coco/bbox_mAP', 'coco/segm_mAP'}
    report = read_report(workspace / 'out')
    assert float(report[MINI, 'box_AP50']['ours']) == pytest.approx(
        100 * metrics['coco/bbox_mAP_50'], abs=0.05
    )
    assert report[MINI, 'box_AP50']['paper'] == '–'
    assert float(report[MINI, 'latency']['ours']) == pytest.approx(
        tested['latency']['value'], abs=0.5
    )


def test_a_kept_metric_counts_until_the_checkpoint_is_another(tested, mini, workspace):
    checkpoint = workspace / 'checkpoints' / f'{MINI}.pth'
    options = ('--checkpoints', 'checkpoints', '--no-latency')
    mini(*options)
    assert kept(workspace / 'out')[MINI] == tested
    os.utime(checkpoint, (0, 0))
    mini(*options)
    again = kept(workspace / 'out')[MINI]['test']
    assert again['when'] > tested['test']['when']
    assert again['value'] == tested['test']['value']
    assert again['key']['config'] == tested['test']['key']['config']


def test_without_data_or_with_a_wrong_checkpoint_there_is_no_number(tested, mini, workspace):
    wrong = workspace / 'wrong'
    wrong.mkdir()
    state = torch.load(workspace / 'checkpoints' / f'{MINI}.pth', weights_only=True)['state_dict']
    del state['backbone.norm1.weight']
    torch.save(state, wrong / f'{MINI}.pth')
    done = mini('--checkpoints', 'wrong', '--no-latency')
    assert 'backbone.norm1.weight' in done.stderr
    report = read_report(workspace / 'out')
    assert report[MINI, 'accuracy']['ours'] == 'checkpoint does not fit'
    assert (MINI, 'box_AP') not in report

    config = load_config(MINI)
    config.test_dataloader.dataset.data_root = 'nowhere/'
    assert accuracy.find_missing_data(config) == 'nowhere/ does not exist'
    row = published.Row(MINI, '', metrics={'box_AP': '80.0'})
    options = rows.Options(workspace / 'checkpoints', workspace, False, None, 'cpu')
    key = {'config': results.hash_of_config(config)}
    store = results.Results(workspace / 'none.json')
    assert rows.measure_accuracy(row, config, False, key, store, options) == 'no data'


def test_a_checkpoint_is_looked_for_in_the_folder_of_its_config(tmp_path):
    name = 'fpn_uniformer_s_g_80k'
    folder = tmp_path / name
    folder.mkdir()
    assert accuracy.find_checkpoint(tmp_path, name) is None
    assert accuracy.find_checkpoint(None, name) is None
    (folder / 'iter_8.pth').touch()
    (folder / 'last_checkpoint').write_text(f'/elsewhere/{name}/iter_8.pth')
    assert accuracy.find_checkpoint(tmp_path, name) == folder / 'iter_8.pth'
    for at, best in enumerate(('best_mIoU_iter_4.pth', 'best_mIoU_iter_10.pth')):
        (folder / best).touch()
        os.utime(folder / best, (at, at))
    assert accuracy.find_checkpoint(tmp_path, name) == folder / 'best_mIoU_iter_10.pth'
    assert (
        accuracy.find_checkpoint(tmp_path, f'{name}_test_w32') == folder / 'best_mIoU_iter_10.pth'
    )
    (tmp_path / f'{name}.pth').touch()
    assert accuracy.find_checkpoint(tmp_path, name) == tmp_path / f'{name}.pth'


def test_a_number_is_kept_for_its_key_alone(tmp_path):
    path = tmp_path / 'new' / 'results.json'
    calls = iter(range(9))
    for key, expected in (('a', 0), ('a', 0), ('b', 1), ('a', 2)):
        store = results.Results(path)
        assert store.measure('config', 'kind', {'key': key}, lambda: next(calls)) == expected
    path.write_text('[1')
    with pytest.raises(ValueError, match='remove it'):
        results.Results(path)


def test_the_hash_of_a_config_is_of_what_it_says_with_its_bases(tmp_path):
    base, leaf = tmp_path / 'base.py', tmp_path / 'leaf.py'
    texts = [('lr = 1', ''), ('lr  =  1  # a remark', ''), ('lr = 2', ''), ('', 'lr = 2')]
    hashes = []
    for text, more in texts:
        base.write_text(text)
        leaf.write_text(f"_base_ = 'base.py'\n{more}")
        hashes.append(results.hash_of_config(Config.fromfile(leaf)))
    assert hashes[0] == hashes[1] != hashes[2] == hashes[3]


def test_the_lines_of_a_figure_join_what_differs_in_pattern_or_resolution():
    assert figures.split_name('fpn_uniformer_s_g_80k_test_w32') == ('fpn_uniformer_s_80k', 'w32')
    assert figures.split_name('fpn_uniformer_s_h14_80k') == ('fpn_uniformer_s_80k', 'h14')
    assert figures.split_name('td_hm_uniformer_b_384x288') == ('td_hm_uniformer_b', '384x288')
    assert figures.split_name(CASCADES[0]) == ('cascade_mask_rcnn_uniformer_s_3x_ms', 'h14')


def test_products_of_stage_3_against_resolution_are_what_arithmetic_says():
    products = {row['pattern']: row['products_G'] for row in figures.count_resolutions([448])}
    full, window_14, window_32 = 784**2, 4 * 196**2, 1024**2  # 28×28 tokens; 32×32 with padding
    blocks = {
        'global': 8 * full, 'window 14': 8 * window_14, 'hybrid 14': 6 * window_14 + 2 * full,
        'window 32': 8 * window_32, 'hybrid 32': 6 * window_32 + 2 * full,
    }  # fmt: skip
    assert products == {pattern: 2 * 320 * n / 1e9 for pattern, n in blocks.items()}


@pytest.mark.parametrize('name', ['fpn_uniformer_s_h14_80k', 'td_hm_uniformer_s_256x192'])
def test_latency_is_that_of_the_pass_which_complexity_counts(name):
    config = load_config(name)
    model = build_model(config).to('meta').eval()
    x = torch.empty(1, 3, 128, 96, device='meta')
    _, flops = count_flops(find_toolbox(config).run, model, x)
    assert flops == complexity(config, (128, 96)).flops


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        ((), 'name a table'),
        (('table99',), 'no table of dense prediction'),
        (('table6', '--checkpoints', 'nowhere'), 'folder of checkpoints nowhere does not exist'),
        (('table6', '--latency-shape', '64'), 'H W'),
        (('--configs', 'nowhere.py'), 'there is no config file nowhere.py'),
        (('table6', '--device', 'cuda:99'), 'PyTorch finds no GPU here'),
    ],
)
def test_what_cannot_be_done_is_refused_before_anything_is_written(
    arguments, message, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    assert message in refuse_command('reproduce', *arguments)
    assert list(tmp_path.iterdir()) == []
