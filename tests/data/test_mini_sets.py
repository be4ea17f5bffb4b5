"""tools/make_mini_data.py: the same bytes every time, sets replaced or kept, no folder harmed."""

import hashlib
import json
import sys
from pathlib import Path

import pytest
from tool_modules import load_tool

COUNTS = ('--train', '6', '--val', '3', '--size', '96')
# Kind, and how many files 6 and 3 pictures make.
KINDS = {'coco': 11, 'coco_keypoints': 23, 'ade20k': 18, 'imagenet': 9}


@pytest.fixture(scope='module')
def tiny(tmp_path_factory, python_tool) -> Path:
    out = tmp_path_factory.mktemp('mini') / 'coco'
    python_tool('make_mini_data.py', 'coco', '--out', out, *COUNTS)
    return out


@pytest.fixture(scope='module')
def tool():
    load_tool('mini_data')  # whose modules are imported when they are needed
    return load_tool('make_mini_data')


def digests(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob('*'))
        if path.is_file()
    }


@pytest.fixture(scope='module', params=KINDS)
def drawn(request, tmp_path_factory, tool) -> tuple[str, Path]:
    out = tmp_path_factory.mktemp('mini') / request.param
    tool.main([request.param, '--out', str(out), *COUNTS])
    return request.param, out


def test_two_runs_write_the_same_bytes(drawn, tmp_path, python_tool):
    kind, first = drawn
    python_tool('make_mini_data.py', kind, '--out', tmp_path / 'again', *COUNTS)
    assert digests(tmp_path / 'again') == digests(first)


def test_another_seed_draws_other_pictures(drawn, tmp_path, tool):
    kind, out = drawn
    tool.main([kind, '--out', str(tmp_path), *COUNTS, '--seed', '1'])
    first, second = digests(out), digests(tmp_path)
    pictures = [name for name in first if name.endswith('.jpg')]
    assert len(pictures) == 9
    assert all(first[name] != second[name] for name in pictures)


def test_a_larger_set_begins_with_the_pictures_of_a_smaller_one(drawn, tmp_path, tool):
    kind, out = drawn
    tool.main([kind, '--out', str(tmp_path), *COUNTS, '--train', '8'])
    smaller, larger = digests(out), digests(tmp_path)
    train = [name for name in smaller if name.endswith('.jpg') and 'train' in name]
    assert len(train) == 6
    assert all(smaller[name] == larger[name] for name in train)


def test_the_progress_bar_knows_how_many_files_there_will_be(drawn, tool):
    kind, out = drawn
    files = len(digests(out)) - 1  # without the marker
    about = tool.KINDS[kind]
    assert files == KINDS[kind] == about.files_per_picture * 9 + about.more_files
    assert {path.name for path in out.iterdir()} == {*about.folders, tool.MARKER}


def test_the_defaults_of_a_kind_lie_under_data_mini(tool, capsys):
    with pytest.raises(SystemExit, match='0'):
        tool.main(['ade20k', '--help'])
    out = capsys.readouterr().out
    for words in ('data/mini/ade20k', 'default: 800', 'default: 60', 'default: 96'):
        assert words in out


def test_a_set_that_is_there_is_kept(tiny, python_tool):
    before = {path: path.stat().st_mtime_ns for path in tiny.rglob('*')}
    assert 'kept' in python_tool('make_mini_data.py', 'coco', '--out', tiny, *COUNTS).stdout
    assert {path: path.stat().st_mtime_ns for path in tiny.rglob('*')} == before


def test_a_damaged_set_is_drawn_anew(tmp_path, python_tool):
    python_tool('make_mini_data.py', 'coco', '--out', tmp_path, *COUNTS)
    whole = digests(tmp_path)
    (tmp_path / 'train2017' / '000000000001.jpg').write_bytes(b'half a pict')
    (tmp_path / 'val2017' / '000000000009.jpg').unlink()
    python_tool('make_mini_data.py', 'coco', '--out', tmp_path, *COUNTS)
    assert digests(tmp_path) == whole


def test_a_folder_of_somebody_else_is_refused_and_untouched(tmp_path, python_tool):
    (tmp_path / 'annotations').mkdir()
    mine = tmp_path / 'annotations' / 'instances_train2017.json'
    mine.write_text('precious')
    done = python_tool('make_mini_data.py', 'coco', '--out', tmp_path, *COUNTS, check=False)
    assert done.returncode == 2
    assert 'did not write' in done.stderr
    assert mine.read_text() == 'precious'
    assert len(list(tmp_path.rglob('*'))) == 2


def test_a_set_of_another_kind_is_replaced(tmp_path, python_tool):
    python_tool('make_mini_data.py', 'imagenet', '--out', tmp_path, *COUNTS)
    python_tool('make_mini_data.py', 'ade20k', '--out', tmp_path, *COUNTS)
    assert {path.name for path in tmp_path.iterdir()} == {
        'annotations',
        'images',
        'mini_data.json',
    }


def test_a_marker_of_an_unknown_kind_is_nobody_we_know(tmp_path, python_tool):
    (tmp_path / 'mini_data.json').write_text(json.dumps({'recipe': {'kind': 'charades'}}))
    done = python_tool('make_mini_data.py', 'coco', '--out', tmp_path, *COUNTS, check=False)
    assert done.returncode == 2
    assert 'did not write' in done.stderr


@pytest.mark.parametrize('kind', ['coco', 'coco_keypoints'])
def test_a_missing_package_is_named_before_anything_is_written(kind, tmp_path, run, repo_root):
    code = "import sys; sys.modules['pycocotools'] = None; import make_mini_data as it; it.main()"
    words = (sys.executable, '-c', code, kind, '--out', tmp_path / 'x')
    done = run(*words, check=False, cwd=repo_root / 'tools')
    assert done.returncode == 2
    assert 'pip install pycocotools' in done.stderr
    assert not (tmp_path / 'x').exists()


@pytest.mark.parametrize(
    ('option', 'value', 'message'),
    [
        ('--train', '0', 'above 0'),
        ('--val', 'many', 'above 0'),
        ('--size', '32', 'below 64'),
        ('--seed', '-1', '2**32'),
    ],
)
def test_bad_numbers_are_refused_with_what_is_allowed(
    option, value, message, tmp_path, python_tool
):
    done = python_tool(
        'make_mini_data.py', 'coco', '--out', tmp_path / 'x', f'{option}={value}', check=False
    )
    assert done.returncode == 2
    assert message in done.stderr
    assert not (tmp_path / 'x').exists()
