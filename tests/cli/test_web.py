"""The page of ``mmuniformer web`` answers with what the demo finds."""

import json
import shutil
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from untrained import save_untrained

from configs import CONFIGS
from mmuniformer.apis.media import write_video
from mmuniformer.apis.web import make_finder, make_page
from mmuniformer.cli import demo
from mmuniformer.cli.web import main, name_models

pytest.importorskip('mmpretrain')
CONFIG = CONFIGS / 'cls' / 'mini_uniformer_s_in1k.py'
SHAPES = ['circle', 'square', 'triangle', 'star', 'ring', 'cross']


@pytest.fixture(scope='module')
def checkpoint(tmp_path_factory) -> Path:
    return save_untrained(
        str(CONFIG), tmp_path_factory.mktemp('web') / 'random.pth', classes=SHAPES
    )


@pytest.fixture
def models(checkpoint) -> dict:
    return name_models([('cls', str(CONFIG), str(checkpoint))])


@pytest.fixture
def image(tmp_path) -> Path:
    path = tmp_path / 'one.png'
    coarse = np.random.RandomState(0).randint(0, 256, (6, 8, 3)).astype(np.uint8)
    cv2.imwrite(str(path), cv2.resize(coarse, (96, 72), interpolation=cv2.INTER_CUBIC))
    return path


def test_the_button_gives_what_the_command_writes(models, image, checkpoint, tmp_path):
    find = make_finder(models, 'cpu', tmp_path)
    (name,) = models
    drawn, no_video, found = find(name, str(image), None)
    words = ['cls', str(CONFIG), str(checkpoint), str(image), '--out-dir', str(tmp_path / 'out')]
    assert demo.main(words) == 0
    wanted = json.loads((tmp_path / 'out' / 'one.json').read_text())
    assert no_video is None and found == {**wanted, 'input': 'one.png'}
    assert Path(drawn).read_bytes() == (tmp_path / 'out' / 'one.png').read_bytes()
    with pytest.raises(ValueError, match='takes an image or a video; upload one'):
        find(name, None, None)
    (tmp_path / 'text.png').write_text('not an image')
    with pytest.raises(ValueError, match=r'text\.png is not an image'):
        find(name, str(tmp_path / 'text.png'), None)


def test_without_gradio_the_message_says_what_to_install(models, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, 'gradio', None)
    with pytest.raises(ImportError, match='pip install gradio'):
        make_page(models, 'cpu', tmp_path)


@pytest.mark.parametrize(
    ('model', 'message'),
    [
        (('draw', 'a.py', 'b.pth'), 'task draw is none of cls, det, seg, pose, video'),
        (('cls', 'nowhere.py', 'b.pth'), 'there is no config file nowhere.py'),
        (('det', str(CONFIG), 'b.pth'), 'a config of mmpretrain, whose task is cls'),
        (('cls', str(CONFIG), 'b.pth'), 'checkpoint b.pth does not exist'),
    ],
)
def test_wrong_models_are_refused(model, message):
    with pytest.raises((ValueError, FileNotFoundError), match=message):
        main(['--model', *model])


@pytest.fixture
def page(models, tmp_path, monkeypatch):
    """The address of the page, served by this process."""
    pytest.importorskip('gradio')
    monkeypatch.setenv('NO_PROXY', '127.0.0.1,localhost')
    monkeypatch.setenv('HF_HUB_OFFLINE', '1')
    page = make_page(models, 'cpu', tmp_path)
    page.launch(prevent_thread_lock=True, quiet=True, allowed_paths=[str(tmp_path)])
    yield page.local_url
    page.close()


@pytest.fixture
def clip(tmp_path) -> Path:
    path = tmp_path / 'clip.mp4'
    write_video(path, [np.full((72, 96, 3), value, np.uint8) for value in (50, 100, 150)], 10)
    return path


def test_a_running_page_answers_a_client(models, page, image, clip):
    client = pytest.importorskip('gradio_client')
    caller = client.Client(page, verbose=False)
    (name,) = models
    file = client.handle_file(str(image))
    drawn, no_video, found = caller.predict(name, file, None, api_name='/find_or_tell')
    assert no_video is None
    assert found['classes'] == [SHAPES[label] for label in found['labels']]
    assert max(cv2.imread(str(drawn)).shape) == 640
    video = client.handle_file(str(clip))
    no_image, drawn, found = caller.predict(name, None, video, api_name='/find_or_tell')
    assert no_image is None and len(found['frames']) == 3
    assert cv2.VideoCapture(drawn).get(cv2.CAP_PROP_FRAME_COUNT) == 3
    with pytest.raises(Exception, match='upload one'):
        caller.predict(name, None, None, api_name='/find_or_tell')


def test_in_a_browser_an_image_is_uploaded_and_its_classes_appear(page, image, tmp_path):
    api = pytest.importorskip('playwright.sync_api')
    browser = shutil.which('chromium') or shutil.which('google-chrome')
    if browser is None:
        pytest.skip('there is neither chromium nor google-chrome')
    with api.sync_playwright() as play:
        tab = play.chromium.launch(executable_path=browser, args=['--no-sandbox']).new_page()
        tab.goto(page)
        tab.locator('input[type=file]').first.set_input_files(str(image))
        tab.get_by_role('button', name='Submit').click()
        shown = tab.get_by_text('"one.png"')
        shown.wait_for(timeout=60_000)
        text = tab.inner_text('body')
        images = tab.locator('img').evaluate_all('all => all.map(each => each.src)')
        tab.screenshot(path=str(tmp_path / 'page.png'), full_page=True)
    assert [word for word in SHAPES if f'"{word}"' in text]
    # What was uploaded, and what was drawn.
    assert len([image for image in images if image.endswith('one.png')]) == 2
