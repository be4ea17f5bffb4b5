"""Images and videos: what is written is read again, and what cannot be read is named."""

import cv2
import numpy as np
import pytest

from mmuniformer.apis.media import (
    DEFAULT_FPS,
    MediaError,
    VideoReader,
    read_image,
    write_image,
    write_video,
)


def make_frames(*values: int) -> list[np.ndarray]:
    return [np.full((33, 48, 3), value, np.uint8) for value in values]


def test_an_image_comes_back_from_its_file_and_folders_are_made(tmp_path):
    image = np.random.default_rng(0).integers(0, 256, (5, 7, 3), dtype=np.uint8)
    path = tmp_path / 'new' / 'folder' / 'image.png'
    write_image(path, image)
    assert np.array_equal(cv2.imread(str(path)), image)
    assert np.array_equal(read_image(path), image)


@pytest.mark.parametrize('content', [b'', b'text'])
def test_a_file_that_is_not_an_image_is_an_error(content, tmp_path):
    (tmp_path / 'text.png').write_bytes(content)
    with pytest.raises(MediaError, match='text.png is not an image that OpenCV can read'):
        read_image(tmp_path / 'text.png')
    with pytest.raises(FileNotFoundError, match='nowhere.png'):
        read_image(tmp_path / 'nowhere.png')


def test_a_video_comes_back_with_as_many_frames_and_their_brightness(tmp_path):
    path = tmp_path / 'new' / 'clip.mp4'
    write_video(path, make_frames(30, 130, 230), 5)
    reader = VideoReader(path)
    found = list(reader)
    assert reader.fps == 5
    assert [frame.shape for frame in found] == [(32, 48, 3)] * 3
    assert np.abs([frame.mean() for frame in found] - np.array([30, 130, 230])).max() < 4
    assert [frame.mean() for frame in VideoReader(path, max_frames=2)] == [
        frame.mean() for frame in found[:2]
    ]


def test_a_video_that_opencv_cannot_write_is_an_error(tmp_path):
    (tmp_path / 'clip.mp4').mkdir()
    with pytest.raises(OSError, match='cannot write MPEG-4 to .*clip.mp4'):
        write_video(tmp_path / 'clip.mp4', make_frames(0), 4)


def test_a_video_that_cannot_be_opened_or_is_empty_is_an_error(tmp_path, monkeypatch):
    (tmp_path / 'clip.mp4').write_bytes(b'text')
    with pytest.raises(MediaError, match='clip.mp4 cannot be opened by OpenCV: not a video'):
        VideoReader(tmp_path / 'clip.mp4')
    with pytest.raises(MediaError, match='camera 77 cannot be opened .*: there is none, or'):
        VideoReader(77)
    write_video(tmp_path / 'clip.mp4', make_frames(9), 5)
    reader = VideoReader(tmp_path / 'clip.mp4')
    reader.capture.read()
    with pytest.raises(MediaError, match='clip.mp4 has no frames'):
        list(reader)


def test_a_capture_without_a_frame_rate_gets_the_default(tmp_path, monkeypatch):
    write_video(tmp_path / 'clip.mp4', make_frames(9), 5)
    monkeypatch.setattr(cv2, 'CAP_PROP_FPS', cv2.CAP_PROP_BRIGHTNESS)  # a property that it lacks
    assert VideoReader(tmp_path / 'clip.mp4').fps == DEFAULT_FPS
