"""mmaction2 without decord: PyAV gives the same frames, to stock pipelines too."""

import importlib.util
import io

import numpy as np
import pytest
from fresh_python import FreshPython
from hidden_modules import hiding
from videos import write_video

import mmuniformer  # noqa: F401
from mmuniformer.engine.reliability import pyav_reader

pytest.importorskip('av')
FRAMES, SIZE = 24, (128, 96)


@pytest.fixture(scope='module')
def video(tmp_path_factory) -> str:
    """A video that gets lighter, and a square that moves."""
    frames = [np.full((*SIZE[::-1], 3), 10 * number, np.uint8) for number in range(FRAMES)]
    for number, image in enumerate(frames):
        image[20:60, 4 * number : 4 * number + 30] = (200, 50, 255 - 10 * number)
    return str(write_video(tmp_path_factory.mktemp('videos') / 'a.mp4', frames))


@pytest.fixture
def readers(video):
    decord = pytest.importorskip('decord')
    return decord.VideoReader(video, num_threads=1), pyav_reader.VideoReader(video)


def test_length_rate_and_frames_are_those_of_decord(readers):
    theirs, ours = readers
    assert (len(ours), ours.get_avg_fps()) == (len(theirs), theirs.get_avg_fps()) == (FRAMES, 25)
    wanted = [3, 23, 3, -1, 0]
    pixels = ours.get_batch(wanted).asnumpy()
    assert pixels.dtype == np.uint8 and pixels.shape == (5, *SIZE[::-1], 3)
    assert np.array_equal(pixels, theirs.get_batch(wanted).asnumpy())
    assert len(np.unique(pixels[0])) > 10
    assert np.array_equal([f.asnumpy() for f in ours], [f.asnumpy() for f in theirs])
    assert np.array_equal(ours[5].asnumpy(), theirs[5].asnumpy())
    assert np.array_equal(ours[-1].asnumpy(), theirs[-1].asnumpy())
    assert np.array_equal(ours[2:9:3].asnumpy(), theirs[2:9:3].asnumpy())


def test_seeking_ends_at_the_frames_that_decord_ends_at(readers):
    assert 1 < len(readers[1]._keys) < FRAMES
    for place in (0, 5, 6, 20, 21, 7, 11, 12, 13, 22, 0, 1, 15):
        frames = []
        for reader in readers:
            reader.seek(place)
            frames += [reader.next().asnumpy(), reader.next().asnumpy()]
        assert np.array_equal(frames[:2], frames[2:])


def test_an_accurate_seek_ends_at_the_very_frame(video):
    reader = pyav_reader.VideoReader(video)
    reader.seek_accurate(17)
    frames = [reader.next().asnumpy(), reader.next().asnumpy()]
    assert np.array_equal(frames, reader.get_batch([17, 18]).asnumpy())


def test_the_kinetics_clips_have_the_frames_that_decord_reads(tmp_path, python_tool):
    decord = pytest.importorskip('decord')
    python_tool('make_mini_data.py', 'kinetics', '--train', 2, '--val', 2, cwd=tmp_path)
    clips = sorted(tmp_path.rglob('*.mp4'))
    assert len(clips) >= 2
    for clip in clips[:2]:
        theirs = decord.VideoReader(str(clip), num_threads=1)
        ours = pyav_reader.VideoReader(io.BytesIO(clip.read_bytes()))
        everything = range(len(theirs))
        assert len(ours) == len(theirs)
        assert np.array_equal(
            ours.get_batch(everything).asnumpy(), theirs.get_batch(everything).asnumpy()
        )


def test_frames_are_resized_where_a_size_is_given(video):
    reader = pyav_reader.VideoReader(video, pyav_reader.cpu(0), width=64, height=48)
    assert reader[0].shape == (48, 64, 3)


def test_what_cannot_be_read_is_refused(video, tmp_path):
    reader = pyav_reader.VideoReader(video)
    for place in (FRAMES, -1):
        with pytest.raises(IndexError, match=f'frame {place} of 24'):
            reader.seek(place)
    with pytest.raises(IndexError, match='frame 24 of 24'):
        reader[FRAMES]
    reader.seek_accurate(FRAMES - 1)
    reader.next()
    with pytest.raises(StopIteration):
        reader.next()
    with pytest.raises(ValueError, match='on the CPU'):
        pyav_reader.VideoReader(video, ctx='cuda')
    with pytest.raises(FileNotFoundError):
        pyav_reader.VideoReader(str(tmp_path / 'gone.mp4'))


STOCK = """
import mmuniformer
import numpy as np
from mmengine.dataset import Compose
from mmengine.registry import init_default_scope
from mmaction.registry import TRANSFORMS
init_default_scope('mmaction')
steps = Compose([TRANSFORMS.build(step) for step in [
    dict(type='DecordInit'),
    dict(type='SampleFrames', clip_len=4, frame_interval=5, test_mode=True),
    dict(type='DecordDecode'),
]])
"""
READ = (
    STOCK
    + """
result = steps(dict(filename={video!r}, start_index=0, modality='RGB'))
print(result['total_frames'], result['avg_fps'], len(result['imgs']))
ours = TRANSFORMS.build(dict(type='OpenVideo')).transform(dict(filename={video!r}))
same = ours['video_reader'].get_batch(result['frame_inds']).asnumpy()
print(np.array_equal(result['imgs'], same), type(ours['video_reader']._reader).__module__)
"""
)
FAIL = (
    STOCK
    + """
for type_ in ('DecordInit', 'OpenVideo'):
    try:
        TRANSFORMS.build(dict(type=type_)).transform(dict(filename={video!r}))
    except ImportError as error:
        print(error)
"""
)


def test_a_stock_pipeline_of_mmaction2_reads_without_decord(video):
    pytest.importorskip('mmaction')
    with FreshPython() as python:
        printed = python.run(hiding('decord') + READ.format(video=video)).splitlines()
        said = python.run(hiding('decord', 'av') + FAIL.format(video=video)).splitlines()
    assert printed[-2] == '24 25.0 4'
    assert printed[-1] == 'True mmuniformer.engine.reliability.pyav_reader'
    assert said[-2] == 'to read videos, install decord or PyAV: pip install av'
    assert said[-1] == 'to read videos, install decord or PyAV: pip install decord av'


def test_an_installed_decord_is_not_replaced():
    decord = pytest.importorskip('decord')
    assert decord.VideoReader is not pyav_reader.VideoReader
    assert importlib.util.find_spec('decord').has_location
