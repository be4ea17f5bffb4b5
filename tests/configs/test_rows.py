"""How configs are written: no edit by list position; video configs read as rows, in few files."""

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from mmengine.config import Config
from mmengine.registry import init_default_scope

from configs import CONFIGS, build, configs_of, stem
from mmuniformer.apis.config_sources import read_layers

pytest.importorskip('mmaction')
EVERY = sorted(CONFIGS.rglob('*.py'))
LEAVES = configs_of('video')
BASES = sorted((CONFIGS / '_base_' / 'video').glob('*.py'))
WIDTHS = ('dims',)  # sequences of numbers, which may be indexed
CHANGES = {'insert', 'pop', 'remove', 'append', 'extend', 'sort', 'reverse'}  # of lists
ONE_KNOB = re.compile(r'_test_\d+x\d+$|_frozenbn$')


def edits_by_position(source: str) -> Iterator[str]:
    """Give the expressions that depend on where something is in a list."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Subscript):
            index = node.slice.operand if isinstance(node.slice, ast.UnaryOp) else node.slice
            number = isinstance(index, ast.Constant) and isinstance(index.value, int)
            what = getattr(node.value, 'attr', getattr(node.value, 'id', None))
            of_a_call = isinstance(node.value, ast.Call)  # as name.split('_')[0]
            if (number or isinstance(index, ast.Slice)) and what not in WIDTHS and not of_a_call:
                yield ast.unparse(node)
        elif isinstance(node, ast.Call) and getattr(node.func, 'attr', None) in CHANGES:
            yield ast.unparse(node)


@pytest.mark.parametrize('path', EVERY, ids=stem)
def test_a_config_edits_no_list_by_position(path):
    assert list(edits_by_position(path.read_text())) == []


@pytest.mark.parametrize(
    ('line', 'found'),
    [
        ("train_pipeline[8]['scale'] = (224, 224)", ['train_pipeline[8]']),
        ('train_pipeline[3:5] = [strong] * 2', ['train_pipeline[3:5]']),
        ('x = _base_.test_pipeline[-1]', ['_base_.test_pipeline[-1]']),
        (
            "tta[1]['transforms'].insert(1, step)",
            ["tta[1]['transforms'].insert(1, step)", 'tta[1]'],
        ),
        ("x = dict(channels=dims[-1], name=text.split('_')[0], data=folders['train'])", []),
    ],
)
def test_an_edit_by_position_is_found(line, found):
    assert list(edits_by_position(line)) == found


def test_video_configs_have_at_most_eight_bases():
    assert [path.stem for path in BASES] == ['mini_kinetics', 'runtime']


@pytest.mark.parametrize('path', LEAVES, ids=stem)
def test_a_reader_opens_at_most_three_configs_toolboxes_included(path):
    files = [layer.name for layer in read_layers(path).walk()]
    assert len(files) <= 3
    assert files[-1] == 'configs/_base_/video/runtime.py'
    leaves = [name for name in files if '_base_' not in name]
    assert len(leaves) == (2 if ONE_KNOB.search(path.stem) else 1)


def recipe_modules(path: Path) -> list[str]:
    imports = [n for n in ast.parse(path.read_text()).body if isinstance(n, ast.ImportFrom)]
    return [node.module for node in imports]


@pytest.mark.parametrize('path', LEAVES, ids=stem)
def test_a_leaf_calls_the_functions_of_one_file(path):
    (module,) = recipe_modules(path)
    wanted = 'ava' if path.stem.startswith('fast_rcnn') else 'video'
    assert module == f'mmuniformer.recipes.{wanted}'


@pytest.mark.parametrize('path', LEAVES, ids=stem)
def test_a_row_is_network_data_and_schedule_and_a_form_is_one_knob(path):
    tree = ast.parse(path.read_text())
    names = [
        ast.unparse(target).strip('()')
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
    ]
    if ONE_KNOB.search(path.stem):
        assert names == ['_base_', 'test_pipeline', 'test_dataloader']
        return
    if path.stem.startswith('mini_'):
        return
    counts = Counter(name for part in names for name in part.split(', '))
    row = {
        'model', 'train_pipeline', 'val_pipeline', 'test_pipeline', 'train_dataloader',
        'val_dataloader', 'test_dataloader', 'optim_wrapper', 'param_scheduler', 'train_cfg',
        'auto_scale_lr',
    }  # fmt: skip
    assert row <= counts.keys() and set(counts.values()) == {1}
    more = {'arch', 'load_from', 'default_hooks', 'val_evaluator', 'test_evaluator', '_base_'}
    assert counts.keys() <= row | more


@pytest.mark.parametrize('path', [*LEAVES, *BASES], ids=stem)
def test_weights_are_named_and_not_addressed(path):
    _, _, body = path.read_text().split('"""')
    assert '://' not in body
    # What is named by its path is no released file, but made here with another config.
    made_here = re.findall(r"weights='([^']*/[^']*)'", body)
    assert all(re.fullmatch(r'checkpoints/uniformer_s_\w+\.pth', file) for file in made_here)


@pytest.mark.parametrize(
    'name', ['uniformer_s_16x4_k400', 'uniformer_xxs_4_128_k400', 'uniformerv2_l14_16_ssv1']
)
def test_a_config_is_plain_data_that_options_and_heirs_change(name, tmp_path):
    path = CONFIGS / 'video' / f'{name}.py'
    config = Config.fromfile(path)
    assert not any(callable(value) for value in config.values())
    (tmp_path / 'whole.py').write_text(config.pretty_text)
    assert Config.fromfile(tmp_path / 'whole.py').to_dict() == config.to_dict()
    (tmp_path / 'heir.py').write_text(
        f"_base_ = '{path}'\n"
        'model = dict(cls_head=dict(num_classes=7))\n'
        'train_dataloader = dict(dataset=dict(pipeline=_base_.train_pipeline[:2]))\n'
    )
    heir = Config.fromfile(tmp_path / 'heir.py')
    assert heir.model.cls_head.num_classes == 7
    assert heir.model.backbone == config.model.backbone
    assert heir.train_dataloader.dataset.pipeline == config.train_pipeline[:2]
    config.merge_from_dict({'test_pipeline.0.type': 'Other', 'train_cfg.max_epochs': 3})
    assert config.test_pipeline[0].type == 'Other' and config.train_cfg.max_epochs == 3
    assert config.test_pipeline[1:] == heir.test_pipeline[1:]


def test_the_first_config_of_the_page_is_that_config_and_the_other_builds(tmp_path):
    (tmp_path / 'configs').symlink_to(CONFIGS)
    page = (CONFIGS.parent / 'docs' / 'configs.md').read_text()
    shown, own = re.findall(r'^```python\n(.*?)^```$', page, re.DOTALL | re.MULTILINE)
    for name, block in (('shown', shown), ('own', own)):
        (tmp_path / f'{name}.py').write_text(block)
    config = Config.fromfile(CONFIGS / 'video' / 'uniformer_s_16x4_k400.py')
    assert Config.fromfile(tmp_path / 'shown.py').to_dict() == config.to_dict()
    other = Config.fromfile(tmp_path / 'own.py')
    assert other.model.cls_head.dropout_ratio == 0.5 and other.model.backbone.with_cp is True
    init_default_scope('mmaction')
    assert sum(p.numel() for p in build(other).parameters()) == 49_813_200
