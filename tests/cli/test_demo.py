"""tools/demo.py: finds its inputs, refuses the rest, draws what was found where it was found."""

import json

import cv2
import numpy as np
import pytest
from tool_modules import load_tool

pytest.importorskip('mmdet')

CONFIG = 'configs/det/mini_mask_rcnn_uniformer_s_h14.py'


demo = load_tool('demo')
inputs = load_tool('demos.inputs')
outputs = load_tool('demos.outputs')
drawing = load_tool('demos.drawing')
det = load_tool('demos.det')


@pytest.fixture(scope='module')
def checkpoint(tmp_path_factory, repo_root):
    """An untrained model in a file, as mmengine writes it."""
    import torch
    from mmdet.registry import MODELS
    from mmengine.config import Config
    from mmengine.registry import init_default_scope
    from mmengine.runner import save_checkpoint

    config = Config.fromfile(repo_root / CONFIG)
    init_default_scope('mmdet')
    torch.manual_seed(0)
    model = MODELS.build(config.model)
    path = tmp_path_factory.mktemp('checkpoint') / 'untrained.pth'
    meta = {'dataset_meta': dict(config.train_dataloader.dataset.metainfo)}
    save_checkpoint({'state_dict': model.state_dict(), 'meta': meta}, str(path))
    return path


@pytest.fixture
def pictures(tmp_path):
    """Two of the same name in two folders, and a file that is none."""
    for name, value in (('a/one.png', 90), ('b/one.png', 160)):
        path = tmp_path / name
        path.parent.mkdir()
        cv2.imwrite(str(path), np.full((60, 80, 3), value, np.uint8))
    (tmp_path / 'a' / 'notes.txt').write_text('not a picture')
    return tmp_path


def found_square(score: float = 0.9) -> dict:
    from pycocotools import mask as mask_utils

    mask = np.zeros((100, 200), np.uint8, order='F')
    mask[20:60, 100:160] = 1
    return {
        'classes': ['square'], 'labels': [1], 'scores': [score],
        'boxes': [[100.0, 20.0, 160.0, 60.0]], 'masks': [mask_utils.encode(mask)],
    }  # fmt: skip


def source(path) -> 'inputs.Source':
    return inputs.Source(str(path), 'picture')


def test_folders_patterns_and_files_give_the_same_pictures_once(pictures):
    parser, _ = demo.parse_args(['det', 'c', 'p', 'i', '--out-dir', 'o'])
    texts = [str(pictures / 'a'), f'{pictures}/**/*.png', str(pictures / 'a' / 'one.png')]
    assert inputs.find_inputs(parser, texts, demo.ANY) == [
        source(pictures / 'a' / 'one.png'),
        source(pictures / 'b' / 'one.png'),
    ]


def test_numbers_are_cameras_unless_a_file_is_called_so(pictures, monkeypatch):
    parser, _ = demo.parse_args(['det', 'c', 'p', 'i', '--out-dir', 'o'])
    monkeypatch.chdir(pictures)
    (pictures / 'a' / 'one.png').rename(pictures / '7')
    (pictures / 'film.MP4').write_bytes(b'')
    found = inputs.find_inputs(parser, ['0', '7', 'film.MP4'], demo.ANY)
    assert [(each.kind, each.name) for each in found] == [
        ('camera', 'camera0'), ('picture', '7'), ('video', 'film'),
    ]  # fmt: skip


def test_outputs_of_the_same_name_do_not_overwrite_each_other(pictures):
    paths = [pictures / 'a' / 'one.png', pictures / 'b' / 'one.png', pictures / 'overview.jpg']
    assert outputs.output_names([source(path) for path in paths]) == ['one', 'one_2', 'overview_2']


def test_a_mask_tints_its_own_pixels_and_no_others():
    picture = np.full((100, 200, 3), 128, np.uint8)
    drawn = det.draw_instances(picture, found_square())
    assert drawn.shape == (320, 640, 3)
    changed = np.abs(drawn.astype(int) - 128).max(axis=2) > 0
    assert changed[90:170, 340:490].all()
    assert not changed[220:].any()
    assert not changed[:, :300].any()


def test_no_objects_leave_the_picture_as_it_is():
    picture = np.random.RandomState(0).randint(0, 255, (640, 700, 3)).astype(np.uint8)
    nothing = {'classes': [], 'labels': [], 'scores': [], 'boxes': [], 'masks': []}
    assert np.array_equal(det.draw_instances(picture, nothing), picture)


def test_twenty_classes_have_twenty_colours():
    assert len({drawing.colour_of(label) for label in range(20)}) == 20


@pytest.mark.parametrize(('count', 'shape'), [(1, (384, 384)), (4, (384, 1500)), (8, (756, 1500))])
def test_an_overview_is_a_sheet_of_at_most_four_columns(count, shape):
    sheet = drawing.make_overview([np.zeros((50, 100, 3), np.uint8)] * count)
    assert sheet.shape == (*shape, 3)


def test_the_command_writes_a_png_and_a_json_per_picture(
    repo_root, python_tool, pictures, checkpoint
):
    out = pictures / 'out'
    done = python_tool(
        'demo.py', 'det', repo_root / CONFIG, checkpoint, pictures / 'a', f'{pictures}/b/*',
        '--out-dir', out, '--score-thr', '0',
    )  # fmt: skip
    names = {path.name for path in out.iterdir()}
    assert names == {'one.png', 'one.json', 'one_2.png', 'one_2.json', 'overview.png'}
    assert str(out / 'overview.png') in done.stdout
    content = json.loads((out / 'one_2.json').read_text())
    assert content['input'].endswith('b/one.png')
    assert len(content['boxes']) == len(content['scores']) == len(content['masks'])
    assert set(content['classes']) <= {
        'circle', 'square', 'triangle', 'star', 'ring', 'cross',
    }  # fmt: skip


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        ({'config': 'nowhere.py'}, 'config nowhere.py does not exist'),
        ({'checkpoint': 'nowhere.pth'}, 'checkpoint nowhere.pth does not exist'),
        ({'input': 'nowhere.jpg'}, 'no picture, no video, no folder'),
        ({'input': 'a/notes.txt'}, 'OpenCV'),
        ({'--score-thr': '1.5'}, 'between 0 and 1'),
        ({'--out-dir': 'a/one.png'}, 'is a file'),
    ],
)
def test_wrong_arguments_are_refused_by_name(
    change, message, repo_root, python_tool, pictures, checkpoint
):
    use = {'config': repo_root / CONFIG, 'checkpoint': checkpoint, 'input': 'a', '--out-dir': 'out'}
    use.update(change)
    words = [use.pop(name) for name in ('config', 'checkpoint', 'input')]
    options = [word for item in use.items() for word in item]
    done = python_tool('demo.py', 'det', *words, *options, cwd=pictures, check=False)
    assert done.returncode == 2
    assert message in done.stderr
    assert not (pictures / 'out').exists()


def test_a_device_that_is_not_there_is_refused(repo_root, python_tool, pictures, checkpoint):
    import torch

    if torch.cuda.is_available():
        pytest.skip('this machine has a GPU')
    done = python_tool(
        'demo.py', 'det', repo_root / CONFIG, checkpoint, 'a', '--out-dir', 'out',
        '--device', 'cuda:0', cwd=pictures, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert 'no GPU' in done.stderr
