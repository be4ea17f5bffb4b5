"""mmuniformer visualize: images of the input's size, from models of every toolbox; refusals."""

import numpy as np
import pytest
from untrained import save_untrained

from mmuniformer.apis.explanation import cam
from mmuniformer.apis.media import VideoReader, read_image, write_image, write_video
from mmuniformer.cli.visualize import main

pytest.importorskip('pytorch_grad_cam')

CLS = 'mini_uniformer_s_in1k'
TOOLBOXES = {
    'mmpretrain': CLS,
    'mmdet': 'mini_mask_rcnn_uniformer_s_h14',
    'mmseg': 'mini_fpn_uniformer_s_h14',
    'mmpose': 'mini_td_hm_uniformer_s_128x96',
    'mmaction': 'mini_uniformer_s_16_motion',
}


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp('visualize')
    image = np.random.RandomState(0).randint(0, 255, (70, 101, 3)).astype(np.uint8)
    write_image(folder / 'image.png', image)
    write_video(
        folder / 'clip.mp4', [np.roll(image[:48, :64], number, 1) for number in range(20)], 8
    )
    save_untrained(CLS, folder / 'mmpretrain.pth')
    return folder


def read_frames(path):
    return [read_image(path)] if path.suffix == '.png' else list(VideoReader(path))


@pytest.mark.parametrize('toolbox', TOOLBOXES)
def test_a_cam_of_every_toolbox_has_the_size_of_its_input(toolbox, folder):
    pytest.importorskip(toolbox)
    config = TOOLBOXES[toolbox]
    checkpoint = folder / f'{toolbox}.pth'
    if not checkpoint.exists():
        save_untrained(config, checkpoint)
    clip = toolbox == 'mmaction'
    out = folder / ('cam.mp4' if clip else f'{toolbox}.png')
    given = folder / ('clip.mp4' if clip else 'image.png')
    main(['cam', config, str(checkpoint), str(given), '--out', str(out)])
    drawn = read_frames(out)
    assert len(drawn) == (16 if clip else 1)
    assert {frame.shape for frame in drawn} == {(48, 64, 3) if clip else (70, 101, 3)}
    changed = np.abs(drawn[0].astype(int) - read_frames(given)[2 if clip else 0]).mean()
    assert changed > 10


def test_other_commands_draw_what_they_say(folder):
    model, given = [CLS, str(folder / 'mmpretrain.pth')], str(folder / 'image.png')
    shapes = {}
    for command, words in {
        'attention': [*model, given, '--query', '30', '20', '--size', '64', '96'],
        'features': [*model, given],
        'affinity': [*model, '--stage', '2'],
        'compare': [*model, *model, *model, given, '--names', 'LLLL', 'LLGG', 'GGGG'],
    }.items():
        out = folder / f'{command}.png'
        main([command, *words, '--out', str(out)])
        shapes[command] = read_image(out).shape
    assert shapes['attention'] == (70, 101, 3)
    assert shapes['features'] == (70 + 22, 5 * 101 + 4 * 6, 3)  # the input and four stages
    assert shapes['affinity'] == (2 * 36 + 6, 16 * 36 + 6, 3)  # 32 channels, 5×5 of 6 pixels
    assert shapes['compare'] == (70 + 22, 4 * 101 + 3 * 6, 3)
    compared = read_image(folder / 'compare.png')[22:]
    assert np.array_equal(compared[:, 107:208], compared[:, 214:315])  # the same model twice


@pytest.mark.parametrize(
    ('command', 'words', 'message'),
    [
        ('attention', ['image.png', '--block', '9'], 'stage 3 has blocks 1 to 8, there is no 9'),
        ('attention', ['image.png', '--stage', '1'], 'blocks of stage 1 are local'),
        ('attention', ['image.png', '--query', '200', '3'], 'outside of the input'),
        ('attention', ['image.png', '--head', '9'], 'the block has heads 1 to 5'),
        ('attention', ['image.png', '--frame', '2'], 'frame is for videos'),
        ('affinity', ['--stage', '4'], 'blocks of stage 4 are global'),
        ('cam', ['image.png', '--category', '6'], 'the model knows 0 to 5'),
        ('cam', ['image.png', '--stage', '5'], 'there is no stage 5'),
        ('cam', ['image.png', '--out', 'cam.mp4'], 'this is written as .png'),
        ('cam', ['nowhere.png'], 'input nowhere.png does not exist'),
        ('cam', ['mmpretrain.pth'], 'is not an image that OpenCV can read'),
        ('cam', ['image.png', '--strength', '2'], 'not between 0 and 1'),
        ('cam', ['image.png', '--size', '16', '64'], 'at least 32 pixels'),
        ('cam', ['image.png', '--out', '.'], 'is a folder; name a file'),
    ],
)
def test_what_cannot_be_drawn_is_refused_by_name(command, words, message, folder, monkeypatch):
    monkeypatch.chdir(folder)
    with pytest.raises((ValueError, FileNotFoundError), match=message):
        main([command, CLS, 'mmpretrain.pth', *words])


def test_compare_wants_pairs(folder):
    words = [CLS, str(folder / 'mmpretrain.pth')]
    with pytest.raises(ValueError, match='twice or more'):
        main(['compare', *words, str(folder / 'image.png')])
    with pytest.raises(ValueError, match='2 models need as many names, got 1'):
        main(['compare', *words, *words, str(folder / 'image.png'), '--names', 'one'])


def test_without_grad_cam_the_message_says_what_to_install(folder, monkeypatch):
    monkeypatch.setattr(cam, 'find_spec', lambda name: None)
    with pytest.raises(ImportError, match='pip install grad-cam'):
        main(['cam', CLS, str(folder / 'mmpretrain.pth'), str(folder / 'image.png')])


def test_a_file_of_another_model_is_refused(folder):
    import torch

    torch.save({'state_dict': {'backbone.norm.weight': torch.ones(3)}}, folder / 'other.pth')
    with pytest.raises(ValueError, match='does not fit'):
        main(['cam', CLS, str(folder / 'other.pth'), str(folder / 'image.png')])
