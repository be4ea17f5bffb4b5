"""The mini data sets are reproducible, replaced if outdated, and never overwrite other files."""

import hashlib
import json
import sys
from pathlib import Path

import pytest

from mmuniformer.cli import make_mini_data as command
from mmuniformer.data.mini import MINI_SETS, sets

COUNTS = ('--train', '6', '--val', '3', '--size', '96')
# Set, and how many files 6 and 3 images make.
FILES = {
    'coco': 11, 'coco_keypoints': 23, 'ade20k': 18, 'imagenet': 9, 'imagenet_things': 9,
    'kinetics': 230,
}  # fmt: skip


def make(name: str, out: Path, *options: str) -> None:
    command.main([name, '--out', str(out), *COUNTS, *options])


@pytest.fixture(scope='module')
def tiny(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp('mini') / 'coco'
    make('coco', out)
    return out


def digests(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob('*'))
        if path.is_file()
    }


@pytest.fixture(scope='module', params=FILES)
def drawn(request, tmp_path_factory) -> tuple[str, Path]:
    out = tmp_path_factory.mktemp('mini') / request.param
    make(request.param, out)
    return request.param, out


def test_two_runs_write_the_same_bytes(drawn, tmp_path, python_tool):
    name, first = drawn
    python_tool('make_mini_data.py', name, '--out', tmp_path / 'again', *COUNTS)
    assert digests(tmp_path / 'again') == digests(first)


def test_another_seed_draws_other_images(drawn, tmp_path):
    name, out = drawn
    make(name, tmp_path, '--seed', '1')
    first, second = digests(out), digests(tmp_path)
    images = [path for path in first if path.endswith('.jpg')]
    assert len(images) >= 9
    assert all(first[path] != second[path] for path in images)


def test_a_larger_set_starts_with_the_images_of_a_smaller_one(drawn, tmp_path):
    name, out = drawn
    make(name, tmp_path, '--train', '8')
    smaller, larger = digests(out), digests(tmp_path)
    train = [path for path in smaller if path.endswith('.jpg') and 'train' in path]
    assert len(train) >= 6
    assert all(smaller[path] == larger[path] for path in train)


def test_the_progress_bar_knows_how_many_files_there_will_be(drawn):
    name, out = drawn
    files = len(digests(out)) - 1  # without the marker
    about = MINI_SETS[name]
    assert files == FILES[name] == about.files_per_image * 9 + about.more_files
    assert {path.name for path in out.iterdir()} == {*about.folders, sets.MARKER}


def test_sets_are_written_to_data_mini_by_default(capsys):
    with pytest.raises(SystemExit, match='0'):
        command.main(['ade20k', '--help'])
    out = capsys.readouterr().out
    for words in ('data/mini/ade20k', 'default: 800', 'default: 60', 'default: 96'):
        assert words in out


def test_an_existing_set_is_kept(tiny, capsys):
    before = {path: path.stat().st_mtime_ns for path in tiny.rglob('*')}
    make('coco', tiny)
    assert 'kept' in capsys.readouterr().out
    assert {path: path.stat().st_mtime_ns for path in tiny.rglob('*')} == before


def test_a_damaged_set_is_drawn_again(tmp_path):
    make('coco', tmp_path)
    whole = digests(tmp_path)
    (tmp_path / 'train2017' / '000000000001.jpg').write_bytes(b'half a pict')
    (tmp_path / 'val2017' / '000000000009.jpg').unlink()
    make('coco', tmp_path)
    assert digests(tmp_path) == whole


def test_a_folder_with_other_files_is_refused_and_untouched(tmp_path):
    (tmp_path / 'annotations').mkdir()
    mine = tmp_path / 'annotations' / 'instances_train2017.json'
    mine.write_text('precious')
    with pytest.raises(ValueError, match='did not write'):
        make('coco', tmp_path)
    assert mine.read_text() == 'precious'
    assert len(list(tmp_path.rglob('*'))) == 2


def test_another_set_is_replaced(tmp_path):
    make('imagenet', tmp_path)
    make('ade20k', tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {
        'annotations',
        'images',
        'mini_data.json',
    }


def test_the_marker_of_an_unknown_set_is_refused(tmp_path):
    (tmp_path / 'mini_data.json').write_text(json.dumps({'recipe': {'kind': 'charades'}}))
    with pytest.raises(ValueError, match='did not write'):
        make('coco', tmp_path)


@pytest.mark.parametrize('name', ['coco', 'coco_keypoints'])
def test_a_missing_package_is_named_before_anything_is_written(name, tmp_path, run):
    code = "import sys; sys.modules['pycocotools'] = None; from mmuniformer.cli import main; main()"
    words = ('make-mini-data', name, '--out', tmp_path / 'x')
    done = run(sys.executable, '-c', code, *words, check=False)
    assert done.returncode == 2
    assert done.stderr == f'error: the set {name} needs pycocotools: pip install pycocotools\n'
    assert not (tmp_path / 'x').exists()


@pytest.mark.parametrize(
    ('option', 'value', 'message'),
    [
        ('train', 0, 'train is 0; it must be at least 1'),
        ('size', 32, 'size is 32; it must be at least 64 pixels'),
        ('seed', -1, 'seed is -1; it must be from 0 to'),
    ],
)
def test_invalid_numbers_are_refused_with_the_allowed_range(option, value, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        sets.make_mini_set('coco', tmp_path / 'x', **{option: value})
    assert not (tmp_path / 'x').exists()


def test_an_unknown_set_is_refused_with_the_known_ones(tmp_path):
    with pytest.raises(ValueError, match="no set 'cocoa'; the sets are coco, coco_keypoints"):
        sets.make_mini_set('cocoa', tmp_path)
