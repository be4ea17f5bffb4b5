"""The demo finds its inputs, refuses the rest, and draws what was found where it was found."""

import json

import cv2
import numpy as np
import pytest
from untrained import save_untrained

from mmuniformer.apis.predict import Source, find_sources
from mmuniformer.apis.predict.detector import draw_instances
from mmuniformer.apis.predict.drawing import label_color, make_overview
from mmuniformer.apis.predict.run import name_outputs
from mmuniformer.cli.demo import main

pytest.importorskip('mmdet')

CONFIG = 'mini_mask_rcnn_uniformer_s_h14'
SHAPES = ('circle', 'square', 'triangle', 'star', 'ring', 'cross')


@pytest.fixture(scope='module')
def checkpoint(tmp_path_factory):
    path = tmp_path_factory.mktemp('checkpoint') / 'untrained.pth'
    return save_untrained(CONFIG, path, classes=SHAPES)


@pytest.fixture
def images(tmp_path):
    """Two of the same name in two folders, and a file that is none."""
    for name, value in (('a/one.png', 90), ('b/one.png', 160)):
        path = tmp_path / name
        path.parent.mkdir()
        cv2.imwrite(str(path), np.full((60, 80, 3), value, np.uint8))
    (tmp_path / 'a' / 'notes.txt').write_text('not an image')
    return tmp_path


def found_square(score: float = 0.9) -> dict:
    from pycocotools import mask as mask_utils

    mask = np.zeros((100, 200), np.uint8, order='F')
    mask[20:60, 100:160] = 1
    return {
        'classes': ['square'], 'labels': [1], 'scores': [score],
        'boxes': [[100.0, 20.0, 160.0, 60.0]], 'masks': [mask_utils.encode(mask)],
    }  # fmt: skip


def source(path) -> Source:
    return Source(str(path), 'image')


def test_folders_patterns_and_files_give_the_same_images_once(images):
    texts = [str(images / 'a'), f'{images}/**/*.png', str(images / 'a' / 'one.png')]
    assert find_sources(texts) == [
        source(images / 'a' / 'one.png'),
        source(images / 'b' / 'one.png'),
    ]


def test_numbers_are_cameras_unless_a_file_is_called_so(images, monkeypatch):
    monkeypatch.chdir(images)
    (images / 'a' / 'one.png').rename(images / '7')
    (images / 'film.MP4').write_bytes(b'')
    found = find_sources(['0', '7', 'film.MP4'])
    assert [(each.type, each.name) for each in found] == [
        ('camera', 'camera0'), ('image', '7'), ('video', 'film'),
    ]  # fmt: skip


def test_outputs_of_the_same_name_do_not_overwrite_each_other(images):
    paths = [images / 'a' / 'one.png', images / 'b' / 'one.png', images / 'overview.jpg']
    assert name_outputs([source(path) for path in paths]) == ['one', 'one_2', 'overview_2']


def test_a_mask_tints_its_own_pixels_and_no_others():
    image = np.full((100, 200, 3), 128, np.uint8)
    drawn = draw_instances(image, found_square())
    assert drawn.shape == (320, 640, 3)
    changed = np.abs(drawn.astype(int) - 128).max(axis=2) > 0
    assert changed[90:170, 340:490].all()
    assert not changed[220:].any()
    assert not changed[:, :300].any()


def test_no_objects_leave_the_image_as_it_is():
    image = np.random.RandomState(0).randint(0, 255, (640, 700, 3)).astype(np.uint8)
    nothing = {'classes': [], 'labels': [], 'scores': [], 'boxes': [], 'masks': []}
    assert np.array_equal(draw_instances(image, nothing), image)


def test_twenty_classes_have_twenty_colors():
    assert len({label_color(label) for label in range(20)}) == 20


@pytest.mark.parametrize(('count', 'shape'), [(1, (180, 360)), (4, (180, 1476)), (6, (372, 1476))])
def test_an_overview_is_a_sheet_of_at_most_four_columns(count, shape):
    sheet = make_overview([np.zeros((50, 100, 3), np.uint8)] * count)
    assert sheet.shape == (*shape, 3)


def test_images_of_different_shapes_fill_a_row_of_the_overview():
    shapes = [(100, 50), (50, 100), (70, 70), (30, 90)]
    sheet = make_overview([np.zeros((*shape, 3), np.uint8) for shape in shapes])
    assert (sheet == 255).all(2).all(0).sum() == 3 * 12  # nothing is white but the margins


def test_the_command_writes_a_png_and_a_json_per_image(python_tool, images, checkpoint):
    out = images / 'out'
    done = python_tool(
        'demo.py', 'det', CONFIG, checkpoint, images / 'a', f'{images}/b/*',
        '--out-dir', out, '--score-thr', '0',
    )  # fmt: skip
    names = {path.name for path in out.iterdir()}
    assert names == {'one.png', 'one.json', 'one_2.png', 'one_2.json', 'overview.png'}
    assert str(out / 'overview.png') in done.stdout
    content = json.loads((out / 'one_2.json').read_text())
    assert content['input'].endswith('b/one.png')
    assert len(content['boxes']) == len(content['scores']) == len(content['masks'])
    assert set(content['classes']) <= set(SHAPES)


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        ({'config': 'nowhere.py'}, 'there is no config file nowhere.py'),
        ({'config': 'mini_uniformer_s_in1k'}, 'is a config of mmpretrain; Detector needs'),
        ({'checkpoint': 'nowhere.pth'}, 'checkpoint nowhere.pth does not exist'),
        ({'checkpoint': 'a/model.safetensors'}, 'the toolboxes read .pth files only'),
        ({'input': 'nowhere.jpg'}, 'no image, no video, no folder'),
        ({'input': 'a/notes.txt'}, 'OpenCV'),
        ({'input': 'empty'}, 'the folder empty has no images or videos'),
        ({'--out-dir': 'a/one.png'}, 'is a file'),
    ],
)
def test_wrong_arguments_are_refused_by_name(change, message, images, checkpoint, monkeypatch):
    monkeypatch.chdir(images)
    (images / 'empty').mkdir()
    (images / 'a' / 'model.safetensors').write_bytes(b'')
    use = {'config': CONFIG, 'checkpoint': str(checkpoint), 'input': 'a', '--out-dir': 'out'}
    use.update(change)
    words = [use.pop(name) for name in ('config', 'checkpoint', 'input')]
    options = [word for item in use.items() for word in item]
    with pytest.raises((ValueError, FileNotFoundError), match=message):
        main(['det', *words, *options])
    assert not (images / 'out').exists()


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (['--score-thr', '1.5'], 'between 0 and 1'),
        (['--frames', '0'], 'not a whole number from 1 up'),
        (['--grid', 'x'], 'not a whole number from 0 up'),
    ],
)
def test_options_out_of_range_are_refused(options, message, capsys):
    with pytest.raises(SystemExit) as refusal:
        main(['det', CONFIG, 'a.pth', 'a', '--out-dir', 'out', *options])
    assert refusal.value.code == 2
    assert message in capsys.readouterr().err


def test_a_device_that_is_not_there_is_refused(images, checkpoint):
    import torch

    if torch.cuda.is_available():
        pytest.skip('this machine has a GPU')
    words = ['det', CONFIG, str(checkpoint), str(images / 'a'), '--out-dir', str(images / 'out')]
    with pytest.raises(ValueError, match='torch sees no GPU'):
        main([*words, '--device', 'cuda:0'])
