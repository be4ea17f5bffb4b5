"""tools/visualize.py: pictures of the input's size, from models of every toolbox; refusals."""

import cv2
import numpy as np
import pytest
from mmengine.config import Config
from tool_modules import load_tool

pytest.importorskip('pytorch_grad_cam')

CLS = 'configs/cls/mini_uniformer_s_in1k.py'
TOOLBOXES = {
    'mmpretrain': CLS,
    'mmdet': 'configs/det/mini_mask_rcnn_uniformer_s_h14.py',
    'mmseg': 'configs/seg/mini_fpn_uniformer_s_h14.py',
    'mmpose': 'configs/pose/mini_td_hm_uniformer_s_128x96.py',
    'mmaction': 'configs/video/mini_uniformer_s_16_motion.py',
}


def save_untrained(config, path):
    """An untrained model in a file, as mmengine writes it."""
    import torch
    from mmengine.registry import MODELS, DefaultScope
    from mmengine.runner import save_checkpoint

    import mmuniformer  # noqa: F401

    torch.manual_seed(0)
    with DefaultScope.overwrite_default_scope(config.default_scope):
        model = MODELS.build(config.model)
        model.init_weights()
    save_checkpoint({'state_dict': model.state_dict()}, str(path))
    return path


@pytest.fixture(scope='module')
def visualize():
    return load_tool('visualize').main


@pytest.fixture(scope='module')
def folder(tmp_path_factory, repo_root):
    folder = tmp_path_factory.mktemp('visualize')
    picture = np.random.RandomState(0).randint(0, 255, (70, 101, 3)).astype(np.uint8)
    cv2.imwrite(str(folder / 'picture.png'), picture)
    writer = cv2.VideoWriter(str(folder / 'clip.mp4'), cv2.VideoWriter_fourcc(*'mp4v'), 8, (64, 48))
    for number in range(20):
        writer.write(np.roll(picture[:48, :64], number, 1))
    writer.release()
    save_untrained(Config.fromfile(repo_root / CLS), folder / 'mmpretrain.pth')
    return folder


def frames_of(path):
    video, frames = cv2.VideoCapture(str(path)), []
    while (read := video.read())[0]:
        frames.append(read[1])
    return frames


@pytest.mark.parametrize('toolbox', TOOLBOXES)
def test_a_cam_of_every_toolbox_has_the_size_of_its_input(toolbox, visualize, folder, repo_root):
    pytest.importorskip(toolbox)
    config = repo_root / TOOLBOXES[toolbox]
    checkpoint = folder / f'{toolbox}.pth'
    if not checkpoint.exists():
        save_untrained(Config.fromfile(config), checkpoint)
    clip = toolbox == 'mmaction'
    out = folder / ('cam.mp4' if clip else f'{toolbox}.png')
    given = folder / ('clip.mp4' if clip else 'picture.png')
    assert visualize(['cam', str(config), str(checkpoint), str(given), '--out', str(out)]) == 0
    drawn = frames_of(out)
    assert len(drawn) == (16 if clip else 1)
    assert {frame.shape for frame in drawn} == {(48, 64, 3) if clip else (70, 101, 3)}
    changed = np.abs(drawn[0].astype(int) - frames_of(given)[2 if clip else 0]).mean()
    assert changed > 10


def test_other_commands_draw_what_they_say(visualize, folder, repo_root):
    model, given = (
        [str(repo_root / CLS), str(folder / 'mmpretrain.pth')],
        str(folder / 'picture.png'),
    )
    shapes = {}
    for command, words in {
        'attention': [*model, given, '--query', '30', '20', '--size', '64', '96'],
        'features': [*model, given],
        'affinity': [*model, '--stage', '2'],
        'compare': [*model, *model, *model, given, '--names', 'LLLL', 'LLGG', 'GGGG'],
    }.items():
        out = folder / f'{command}.png'
        assert visualize([command, *words, '--out', str(out)]) == 0
        shapes[command] = cv2.imread(str(out)).shape
    assert shapes['attention'] == (70, 101, 3)
    assert shapes['features'] == (70 + 22, 5 * 101 + 4 * 6, 3)  # the input and four stages
    assert shapes['affinity'] == (2 * 36 + 6, 16 * 36 + 6, 3)  # 32 channels, 5×5 of 6 pixels
    assert shapes['compare'] == (70 + 22, 4 * 101 + 3 * 6, 3)
    compared = cv2.imread(str(folder / 'compare.png'))[22:]
    assert np.array_equal(compared[:, 107:208], compared[:, 214:315])  # the same model twice


@pytest.mark.parametrize(
    ('command', 'words', 'message'),
    [
        ('attention', ['picture.png', '--block', '9'], 'stage 3 has blocks 1 to 8, there is no 9'),
        ('attention', ['picture.png', '--stage', '1'], 'blocks of stage 1 are local'),
        ('attention', ['picture.png', '--query', '200', '3'], 'outside of the input'),
        ('attention', ['picture.png', '--head', '9'], 'the block has heads 1 to 5'),
        ('attention', ['picture.png', '--frame', '2'], '--frame is for clips'),
        ('affinity', ['--stage', '4'], 'blocks of stage 4 are global'),
        ('cam', ['picture.png', '--category', '6'], 'the model knows 0 to 5'),
        ('cam', ['picture.png', '--stage', '5'], 'there is no stage 5'),
        ('cam', ['picture.png', '--out', 'cam.mp4'], 'this is written as .png'),
        ('cam', ['nowhere.png'], 'input nowhere.png does not exist'),
        ('cam', ['mmpretrain.pth'], 'is no picture that OpenCV can read'),
        ('cam', ['picture.png', '--strength', '2'], 'not between 0 and 1'),
    ],
)
def test_what_cannot_be_drawn_is_refused_by_name(
    command, words, message, visualize, folder, repo_root, capsys, monkeypatch
):
    monkeypatch.chdir(folder)
    with pytest.raises(SystemExit) as refusal:
        visualize([command, str(repo_root / CLS), 'mmpretrain.pth', *words])
    assert refusal.value.code == 2
    assert message in ' '.join(capsys.readouterr().err.split())


def test_compare_wants_pairs(visualize, folder, repo_root, capsys):
    words = [str(repo_root / CLS), str(folder / 'mmpretrain.pth'), str(folder / 'picture.png')]
    with pytest.raises(SystemExit):
        visualize(['compare', *words])
    assert 'twice or more' in capsys.readouterr().err


def test_a_file_of_another_model_is_refused(visualize, folder, repo_root, capsys):
    import torch

    torch.save({'state_dict': {'backbone.norm.weight': torch.ones(3)}}, folder / 'other.pth')
    words = [str(repo_root / CLS), str(folder / 'other.pth'), str(folder / 'picture.png')]
    with pytest.raises(SystemExit):
        visualize(['cam', *words])
    assert 'does not fit' in capsys.readouterr().err
