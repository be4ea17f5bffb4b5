"""mmuniformer complexity: tables, JSON, and what it refuses."""

import json

import pytest
from commands import refuse_command, run_command
from flop_configs import CLASSIFIER, TINY
from mmengine.config import Config

from mmuniformer.apis.cost import complexity
from mmuniformer.cli.complexity import make_notes

for toolbox in ('mmdet', 'mmseg', 'mmpretrain'):
    pytest.importorskip(toolbox)


@pytest.mark.parametrize('markdown', [False, True])
def test_the_command_prints_a_table_and_writes_json(markdown, tmp_path):
    out = run_command(
        'complexity', 'mini_mask_rcnn_uniformer_s_h14', '--shape', '160', '128',
        '--json', tmp_path / 'a' / 'b.json', *(['--markdown'] if markdown else []),
    )  # fmt: skip
    written = json.loads((tmp_path / 'a' / 'b.json').read_text())
    assert written['shape'] == [160, 128]
    assert [row['part'] for row in written['parts']][:2] == ['backbone', 'neck']
    rows = [line.replace('|', '').split() for line in out.splitlines()]
    rows = [row for row in rows if row and row[0][0] not in '-']
    assert rows[0] == ['part', 'parameters', 'FLOPs']
    for row, cost in zip(rows[1:], [*written['parts'], {'part': 'all', **written}], strict=False):
        millions, billions = cost['parameters'] / 1e6, cost['flops'] / 1e9
        assert row == [cost['part'], f'{millions:.2f}', 'M', f'{billions:.2f}', 'G']


def test_the_notes_say_what_a_model_has_without_heads_for_training():
    config = Config.fromstring(TINY, '.py')
    both = complexity(config, (64, 128))
    config.model.auxiliary_head = None
    one = complexity(config, (64, 128))
    assert (
        f'without auxiliary_head, which a test does not run: {one.parameters / 1e6:.2f} M'
        in (make_notes(both)[-1])
    )


def test_several_configs_of_several_toolboxes_give_a_line_each(tmp_path):
    configs = []
    for name, text in {'segmentor': TINY, 'classifier': CLASSIFIER}.items():
        configs.append(tmp_path / f'{name}.py')
        configs[-1].write_text(text)
    out = run_command('complexity', *configs, '--markdown', '--json', tmp_path / 'all.json')
    segmentor, classifier = json.loads((tmp_path / 'all.json').read_text())
    lines = [[cell.strip() for cell in line.split('|')[1:-1]] for line in out.splitlines()]
    lines = [line for line in lines if line]
    assert lines[0] == ['config', 'input', 'parameters', 'FLOPs']
    assert lines[2][:2] == ['segmentor', '512×2048']
    assert lines[2][3] == f'{segmentor["flops"] / 1e9:.2f} G'
    assert lines[3] == ['classifier', '224×224', '21.55 M', f'{classifier["flops"] / 1e9:.2f} G']


@pytest.mark.parametrize(
    ('text', 'shape', 'message'),
    [
        (None, (64, 64), 'there is no config file'),
        ("default_scope = 'mmocr'\nmodel = dict()", (64, 64), 'mmdet'),
        ("default_scope = 'mmdet'", (64, 64), 'no model'),
        ("default_scope = 'mmdet'", (64, 8), 'at least 32'),
        ("default_scope = 'mmdet'", (64,), 'H W'),
        ("default_scope = 'mmpose'\nmodel = dict()", (), 'give the shape H W'),
        ("default_scope = 'mmaction'\nmodel = dict()", (), 'samples no frames'),
    ],
)
def test_what_cannot_be_counted_is_refused(text, shape, message, tmp_path):
    config = tmp_path / 'config.py'
    if text is not None:
        config.write_text(text)
    options = ['--shape', *shape] if shape else []
    assert message in refuse_command('complexity', config, *options)
