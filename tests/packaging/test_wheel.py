"""The wheel and the sdist carry what mim looks up, and mim finds it in an installed wheel."""

import json
import re
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from forks import has_forks
from packaging.requirements import Requirement
from wheels import PIP, build_wheel, run

import mmuniformer
from mmuniformer.models import UniFormer

ROOT = Path(__file__).resolve().parents[2]
MINI = 'mini_mask_rcnn_uniformer_s_h14.py'
TOOLBOXES = ['mmcv', 'mmpretrain', 'mmaction', 'mmdet', 'mmseg', 'mmpose', 'mim']
# One iteration and one evaluation on a handful of images.
SHRUNK = [
    '--cfg-options',
    'train_cfg.max_epochs=1',
    'train_cfg.val_interval=1',
    'train_dataloader.batch_size=2',
    'val_dataloader.batch_size=2',
    'default_hooks.logger.interval=1',
]


def files_below(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob('*') if path.is_file()}


def mim_files(root: Path) -> set[str]:
    """Give what belongs into .mim, from the tree itself."""
    stacks = ('today', 'compiled', 'onedl')
    wanted = {'model-index.yml', *(f'requirements/constraints-{stack}.txt' for stack in stacks)}
    paths = [path for path in (root / 'configs').rglob('*') if path.suffix in ('.py', '.yml')]
    paths += (root / 'tools').glob('*.py')  # neither scripts of the shell nor those of makers
    wanted |= {str(path.relative_to(root)) for path in paths}
    return wanted


@pytest.fixture(scope='module')
def sdist(source, tmp_path_factory):
    out = tmp_path_factory.mktemp('sdist')
    code = f'from setuptools import build_meta; build_meta.build_sdist({str(out)!r})'
    run(sys.executable, '-c', code, cwd=source)
    return next(out.glob('mmuniformer-*.tar.gz'))


def mim_content(names: list[str]) -> set[str]:
    return {name.split('mmuniformer/.mim/')[1] for name in names if 'mmuniformer/.mim/' in name}


def test_the_wheel_carries_mim_whole_and_the_package_whole(wheel, source):
    names = zipfile.ZipFile(wheel).namelist()
    assert mim_content(names) == mim_files(source)
    files = {f'mmuniformer/{name}' for name in files_below(source / 'mmuniformer')}
    assert {name for name in files if '__pycache__' not in name} <= set(names)
    # One package and what Python reads when it starts: no `tests`, no `configs`.
    tops = {name.split('/')[0] for name in names if '.dist-info/' not in name}
    assert tops == {'mmuniformer', '_mmuniformer.py', 'mmuniformer.pth'}


def test_the_sdist_carries_mim_and_gives_the_same_wheel(sdist, wheel, source, tmp_path):
    with tarfile.open(sdist) as archive:
        names = [member.name for member in archive if member.isfile()]
    assert mim_content(names) == mim_files(source)
    again = build_wheel(sdist, tmp_path)
    assert sorted(zipfile.ZipFile(again).namelist()) == sorted(zipfile.ZipFile(wheel).namelist())


def metadata(wheel: Path) -> list[str]:
    archive = zipfile.ZipFile(wheel)
    name = next(name for name in archive.namelist() if name.endswith('.dist-info/METADATA'))
    return archive.read(name).decode().splitlines()


def test_the_newest_heading_of_the_change_log_is_the_version(wheel, sdist):
    headings = re.findall(r'^## (\S+) – (.+)$', (ROOT / 'CHANGELOG.md').read_text(), re.M)
    version, date = headings[0]
    assert version == mmuniformer.__version__
    assert date == 'unreleased' or re.fullmatch(r'20\d\d-\d\d-\d\d', date)
    assert f'Version: {version}' in metadata(wheel)
    assert sdist.name == f'mmuniformer-{version}.tar.gz'
    assert wheel.name == f'mmuniformer-{version}-py3-none-any.whl'


def test_the_version_is_written_in_one_place():
    assert "dynamic = ['version'" in (ROOT / 'pyproject.toml').read_text()
    assert 'version' not in (ROOT / 'setup.py').read_text()


def test_the_sdist_installs_and_its_networks_run_without_a_toolbox(sdist, tmp_path):
    arguments = ('--no-build-isolation', '--no-deps', '--no-index', '--target', str(tmp_path))
    run(*PIP, 'install', *arguments, str(sdist), cwd=tmp_path)
    lines = [
        'import sys',
        f'sys.modules.update(dict.fromkeys({TOOLBOXES}))  # as if they were not there',
        'import mmuniformer, torch',
        f'assert mmuniformer.__file__.startswith({str(tmp_path)!r})',
        "net = mmuniformer.models.UniFormer(arch='small').eval()",
        'print(sum(parameter.numel() for parameter in net.parameters()))',
        'print(tuple(net(torch.rand(1, 3, 64, 64))[-1].shape))',
    ]
    out = run(sys.executable, '-c', '\n'.join(lines), cwd=tmp_path, PYTHONPATH=str(tmp_path))
    whole = sum(parameter.numel() for parameter in UniFormer(arch='small').parameters())
    assert out.splitlines()[-2:] == [str(whole), '(1, 512, 2, 2)']


def test_the_wheel_forces_nothing_but_torch(wheel):
    lines = metadata(wheel)
    needs = [line for line in lines if line.startswith('Requires-Dist:') and 'extra ==' not in line]
    assert needs == ['Requires-Dist: torch>=2.1']
    extras = {line.split()[1] for line in lines if line.startswith('Provides-Extra:')}
    assert extras == {'all', 'cls', 'det', 'dev', 'mim', 'pose', 'seg', 'tests', 'video'}


def test_the_extras_name_nothing_that_pip_cannot_install_everywhere(wheel):
    names = {
        Requirement(line.split(':', 1)[1]).name for line in metadata(wheel) if 'extra ==' in line
    }
    # Without wheels for today's Pythons, or built by a compiler.
    assert not names & {'mmcv', 'mmpose', 'chumpy', 'xtcocotools', 'decord'}
    assert {'mmcv-lite', 'mmengine', 'mmdet', 'pycocotools', 'torchvision'} <= names


def test_building_leaves_the_source_as_it_was(wheel, sdist, source):
    left = files_below(source) - {
        name for name in files_below(source) if name.startswith('build/') or '.egg-info/' in name
    }
    assert not [name for name in left if '/.mim/' in name]
    for name in left:
        assert (ROOT / name).read_bytes() == (source / name).read_bytes()


def test_a_file_deleted_since_the_last_build_is_not_in_the_next_wheel(source, wheel, tmp_path):
    extra = source / 'configs' / 'passing.py'
    extra.write_text('')
    (tmp_path / 'first').mkdir()
    (tmp_path / 'second').mkdir()
    first = build_wheel(source, tmp_path / 'first')
    extra.unlink()
    second = build_wheel(source, tmp_path / 'second')
    assert 'configs/passing.py' in mim_content(zipfile.ZipFile(first).namelist())
    assert 'configs/passing.py' not in mim_content(zipfile.ZipFile(second).namelist())


def test_an_editable_install_makes_no_mim_folder(source, tmp_path):
    arguments = ('--no-build-isolation', '--no-deps', '--no-index', '--target', str(tmp_path))
    run(*PIP, 'install', *arguments, '-e', str(source), cwd=tmp_path)
    assert list(tmp_path.glob('mmuniformer-*.dist-info'))
    assert (tmp_path / 'mmuniformer.pth').read_text() == 'import _mmuniformer\n'
    assert not (source / 'mmuniformer' / '.mim').exists()
    assert not list(tmp_path.rglob('.mim'))


@pytest.fixture(scope='module')
def workshop(site, tmp_path_factory):
    """A folder that is no checkout, with a handful of mini images."""
    for module in ('mmdet', 'mim'):
        pytest.importorskip(module)
    folder = tmp_path_factory.mktemp('workshop')
    command = ('-m', 'mmuniformer', 'make-mini-data', 'coco', '--train', '2', '--val', '2')
    run(sys.executable, *command, cwd=folder, PYTHONPATH=str(site))
    return folder


def mim(site: Path, workshop: Path, *arguments: str) -> str:
    python = [sys.executable, '-W', 'ignore', '-m', 'mim']
    return run(*python, *arguments, cwd=workshop, PYTHONPATH=str(site))


def test_the_installed_package_is_the_wheel_and_not_the_checkout(site, workshop):
    code = 'import mmuniformer; print(mmuniformer.__file__)'
    out = run(sys.executable, '-c', code, cwd=workshop, PYTHONPATH=str(site))
    assert str(site) in out


def test_mim_trains_and_tests_a_config_by_its_name_alone(site, workshop):
    mim(site, workshop, 'train', 'mmuniformer', MINI, '--work-dir', 'by_name', *SHRUNK)
    checkpoint = workshop / 'by_name' / 'epoch_1.pth'
    assert checkpoint.is_file()
    arguments = ('--checkpoint', str(checkpoint), '--work-dir', 'tested', '--out', 'tested/out.pkl')
    mim(site, workshop, 'test', 'mmuniformer', MINI, *arguments)
    metrics = json.loads(next((workshop / 'tested').glob('*/*.json')).read_text())
    assert 0 <= metrics['coco/segm_mAP_50'] <= 1
    assert (workshop / 'tested' / 'out.pkl').stat().st_size > 0


@pytest.mark.skipif(has_forks(), reason='mim does not find the forks')
def test_mim_trains_a_config_by_its_path_with_the_scripts_of_mmdet(site, workshop):
    path = site / 'mmuniformer' / '.mim' / 'configs' / 'det' / MINI
    mim(site, workshop, 'train', 'mmdet', str(path), '--work-dir', 'by_path', *SHRUNK)
    assert (workshop / 'by_path' / 'epoch_1.pth').is_file()


def test_mim_search_reads_the_model_index(site, workshop):
    out = mim(site, workshop, 'search', 'mmuniformer')
    assert 'mask_rcnn_uniformer_s_h14_1x' in out
