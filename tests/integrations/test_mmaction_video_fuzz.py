"""A video damaged anywhere is read as far as it goes, or is an error with its name."""

import importlib.util

import cv2
import fuzzing  # noqa: F401
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mmengine.dataset import Compose
from mmengine.registry import DefaultScope

import mmuniformer  # noqa: F401
from mmuniformer.engine.reliability.load_or_skip import UnreadableError

pytest.importorskip('mmaction')
needs_av = pytest.mark.skipif(importlib.util.find_spec('av') is None, reason='PyAV is missing')
SIZE, FRAMES = (32, 24), 12
STEPS = [
    dict(type='OpenVideo'),
    dict(type='SampleFrames', clip_len=4, frame_interval=3, test_mode=True),
    dict(type='DecordDecode'),
]


@pytest.fixture(scope='module')
def content(tmp_path_factory) -> bytes:
    path = tmp_path_factory.mktemp('videos') / 'whole.mp4'
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*'mp4v'), 25, SIZE)
    for number in range(FRAMES):
        writer.write(np.full((*SIZE[::-1], 3), 20 * number, np.uint8))
    writer.release()
    return path.read_bytes()


def read(path) -> dict:
    from mmaction.registry import TRANSFORMS

    with DefaultScope.overwrite_default_scope('mmaction'):
        steps = Compose([TRANSFORMS.build(step) for step in STEPS])
        return steps(dict(filename=str(path), start_index=0, modality='RGB'))


@needs_av
@settings(max_examples=60)
@given(st.data())
def test_damage_gives_whole_frames_or_an_error_with_the_name(tmp_path, content, data):
    path, damaged = tmp_path / 'damaged.mp4', bytearray(content)
    if data.draw(st.booleans()):
        damaged = damaged[: data.draw(st.integers(0, len(damaged) - 1))]
    else:
        for _ in range(data.draw(st.integers(1, 8))):
            damaged[data.draw(st.integers(0, len(damaged) - 1))] ^= data.draw(st.integers(1, 255))
    path.write_bytes(damaged)
    try:
        result = read(path)
    except UnreadableError as error:
        problem = str(error)
    else:
        images = result['imgs']
        assert len(images) == 4 and len({image.shape for image in images}) == 1
        assert images[0].ndim == 3 and images[0].dtype == np.uint8
        assert result['total_frames'] > 0
        return
    assert str(path) in problem and 'cannot be read' in problem


@needs_av
def test_a_codec_that_nobody_knows_is_an_error_with_the_name(tmp_path, content):
    path = tmp_path / 'unknown.mp4'
    assert content.count(b'stsd') == 1  # the box that names the codec
    path.write_bytes(content.replace(b'stsd', b'zzzz'))
    with pytest.raises(UnreadableError, match='unknown.mp4, .* cannot be read'):
        read(path)
