"""What the documentation shows, runs; what takes too long to run is at least accepted."""

import json
import os
import re
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
import torch
from docs_commands import check, is_slow, reason
from docs_pages import (
    PAGES,
    ROOT,
    TASKS,
    blocks,
    commands,
    config_name,
    is_config,
    lay_out,
    name,
)
from mmengine.config import Config
from mmengine.optim import build_optim_wrapper
from mmengine.registry import DATASETS, FUNCTIONS, MODELS, DefaultScope, init_default_scope

from configs import build, check_step
from mmuniformer.models import ARCHS, LIGHT_ARCHS, UniFormer

OWN_DATA = ROOT / 'docs' / 'own_data.md'
ARCH_PAGE = ROOT / 'docs' / 'api' / 'models.md'
OWN_CONFIGS = [config_name(block) for block in blocks(OWN_DATA, 'python') if is_config(block)]
# The built-in data that the configs of that page read.
MINI_DATA = {'coco_keypoints': 6, 'imagenet_things': 10, 'kinetics': 8}
NOTEBOOKS = sorted((ROOT / 'docs' / 'notebooks').glob('*.ipynb'))
CODE = [page for page in PAGES if blocks(page, 'python')]
COMMANDS = {page: list(commands(page)) for page in [*PAGES, *TASKS]}
RUN = [
    pytest.param(command, id=command.text, marks=[pytest.mark.slow] * is_slow(command))
    for page in PAGES
    for command in COMMANDS[page]
    if reason(command) is None
]


@pytest.fixture
def scopes(monkeypatch):
    """Start without a default scope, and forget the one that a page or a test sets."""
    monkeypatch.setattr(DefaultScope, '_instance_dict', type(DefaultScope._instance_dict)())


@pytest.mark.parametrize('page', CODE, ids=name)
def test_the_python_blocks_of_a_page_run(page, tmp_path, monkeypatch, scopes):
    lay_out(page, tmp_path)
    monkeypatch.chdir(tmp_path)
    names = {'__name__': 'page'}
    for block in blocks(page, 'python'):
        if is_config(block):
            continue
        exec(compile(block, name(page), 'exec'), names)
        check_parts_of_a_config(names.pop('model', None), names.pop('optim_wrapper', None))


def check_parts_of_a_config(model: dict | None, optim_wrapper: dict | None) -> None:
    """What a block shows of a config is understood: a backbone builds, an optimizer has groups."""
    if isinstance(model, dict):
        init_default_scope('mmaction' if model.get('type') == 'Recognizer3D' else 'mmengine')
        left_out = ('_delete_', 'init_cfg')
        options = {key: value for key, value in model['backbone'].items() if key not in left_out}
        net = MODELS.build(options)
        if 'neck' in model:
            assert list(net.out_channels) == model['neck']['in_channels']
    if isinstance(optim_wrapper, dict):
        parts = {'backbone': UniFormer(arch='small'), 'roi_head': torch.nn.Linear(4, 4)}
        optim_wrapper = {'optimizer': {'type': 'AdamW', 'lr': 1e-4}, **optim_wrapper}
        assert build_optim_wrapper(torch.nn.ModuleDict(parts), optim_wrapper).param_groups


@pytest.mark.parametrize('page', [page for page in COMMANDS if COMMANDS[page]], ids=name)
def test_the_commands_of_a_page_are_accepted(page, tmp_path, monkeypatch, scopes):
    lay_out(page, tmp_path)
    monkeypatch.chdir(tmp_path)
    for command in COMMANDS[page]:
        check(command, tmp_path)


@pytest.mark.parametrize('command', RUN)
def test_the_command_runs(command, tmp_path, run):
    lay_out(ROOT / command.page, tmp_path)
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ['PATH']])
    run('env', f'PATH={path}', 'bash', '-c', command.in_shell, cwd=tmp_path)


@pytest.fixture(scope='module')
def own_data(tmp_path_factory, python_tool) -> Path:
    folder = tmp_path_factory.mktemp('own')
    lay_out(OWN_DATA, folder)
    for dataset, number in MINI_DATA.items():
        python_tool('make_mini_data.py', dataset, '--train', number, '--val', number, cwd=folder)
    return folder


@pytest.mark.slow
@pytest.mark.parametrize('file', OWN_CONFIGS)
def test_a_config_for_own_data_reads_it_and_learns(file, own_data, monkeypatch, scopes):
    monkeypatch.chdir(own_data)
    config = Config.fromfile(file)
    init_default_scope(config.default_scope)
    loader = config.train_dataloader
    data = DATASETS.build(loader.dataset)
    (images,) = (number for dataset, number in MINI_DATA.items() if dataset in str(loader.dataset))
    assert len(data) >= images  # more, if an image has several persons
    collate = FUNCTIONS.get(loader.get('collate_fn', {'type': 'pseudo_collate'})['type'])
    if 'data_preprocessor' in config:  # a Runner hands it to the model
        config.model.setdefault('data_preprocessor', config.data_preprocessor)
    model = build(config).train()
    check_step(model, model.data_preprocessor(collate([data[0]]), training=True))


def test_the_table_of_archs_is_that_of_the_package():
    rows = re.findall(r'^\| (`.*) \| .* \| (.*) \| (.*) \| (.*) \|$', ARCH_PAGE.read_text(), re.M)
    shown = {}
    for names, depths, dims, heads in rows:
        names, heads = re.findall(r'`(\w+)`', names), heads.split(', ')
        for arch, head in zip(names, heads if len(heads) > 1 else heads * len(names), strict=True):
            shown[arch] = f'{depths} / {dims} / {head}'
    for arch, row in {**ARCHS, **LIGHT_ARCHS}.items():
        depths, dims = (', '.join(map(str, numbers)) for numbers in (row.depths, row.dims))
        assert shown[arch] == f'{depths} / {dims} / {row.head_dim}', arch


@pytest.mark.parametrize('notebook', NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_stored_without_results(notebook):
    cells = json.loads(notebook.read_text())['cells']
    code = [cell for cell in cells if cell['cell_type'] == 'code']
    assert len(code) >= 5
    assert [cell['id'] for cell in code if cell['outputs'] or cell['execution_count']] == []


@pytest.mark.slow
@pytest.mark.parametrize('notebook', NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_and_shows_images(notebook, tmp_path, user_env):
    import nbclient
    import nbformat

    lay_out(ROOT / 'docs' / 'index.md', tmp_path)
    cells = nbformat.read(notebook, 4)
    place = {'metadata': {'path': str(tmp_path)}}
    nbclient.NotebookClient(cells, timeout=600, resources=place).execute(env=user_env)
    outputs = [output.get('data', {}) for cell in cells.cells for output in cell.get('outputs', [])]
    assert sum('image/png' in data for data in outputs) == 2  # the loss, and what was predicted


@pytest.mark.skipif(find_spec('mkdocs') is None, reason='mkdocs is not installed')
def test_the_site_builds_without_a_warning(tmp_path, run):
    run(sys.executable, '-m', 'mkdocs', 'build', '--strict', '-d', tmp_path / 'site', cwd=ROOT)
    pages = {path.parent.name for path in tmp_path.glob('site/configs/*/index.html')}
    assert pages == {'cls', 'det', 'pose', 'seg', 'video'}
    assert (tmp_path / 'site/configs/det/mask_rcnn_uniformer_s_h14_1x.py').is_file()
