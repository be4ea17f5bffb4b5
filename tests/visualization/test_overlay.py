"""visualization/overlay.py: pictures keep their size, heat stays where it is."""

import cv2
import numpy as np
import pytest

from mmuniformer.visualization import (
    colour_components,
    kernel_sheet,
    mark,
    overlay,
    side_by_side,
    write_clip,
    write_picture,
)
from mmuniformer.visualization.overlay import CAPTION, GAP, to_unit


def test_an_overlay_has_the_size_of_the_picture_and_its_heat_in_place():
    picture = np.full((61, 83, 3), 128, np.uint8)
    heat = np.zeros((2, 2), np.float32)
    heat[0, 1] = 1
    drawn = overlay(picture, heat)
    assert drawn.shape == picture.shape
    hot, cold = drawn[0, -1].astype(int), drawn[-1, 0].astype(int)
    colours = cv2.applyColorMap(np.uint8([[255, 0]]), cv2.COLORMAP_TURBO)[0].astype(int)
    assert np.abs(hot - (128 + colours[0]) / 2).max() <= 1
    assert np.abs(cold - (128 + colours[1]) / 2).max() <= 1
    assert np.array_equal(overlay(picture, heat, 0), picture)


@pytest.mark.parametrize(
    ('heat', 'strength', 'message'),
    [(np.full((2, 2), 1.5), 0.5, 'not within 0 and 1'), (np.zeros((2, 2)), 2, 'strength 2')],
)
def test_values_that_are_not_shares_are_refused(heat, strength, message):
    with pytest.raises(ValueError, match=message):
        overlay(np.zeros((4, 4, 3), np.uint8), heat, strength)


def test_a_constant_map_is_no_heat():
    assert to_unit(np.full((2, 2), 7.0)).max() == 0
    assert to_unit(np.array([2.0, 3.0, 6.0])).tolist() == [0, 0.25, 1]


def test_kernels_are_red_above_zero_and_blue_below():
    kernels = np.zeros((3, 5, 5))
    kernels[0, 0, 0], kernels[1, 4, 4], kernels[2] = 2.0, -2.0, 0.0
    sheet = kernel_sheet(kernels, columns=2, cell=4)
    assert sheet.shape == (2 * (20 + GAP) + GAP, 2 * (20 + GAP) + GAP, 3)
    assert sheet[GAP, GAP].tolist() == [40, 40, 210]
    assert sheet[GAP + 19, GAP + 20 + GAP + 19].tolist() == [210, 80, 40]
    assert (sheet[GAP + 20 + GAP : -GAP, GAP : GAP + 20] == 255).all()


def test_a_mark_is_a_green_frame_on_a_copy():
    picture = np.zeros((20, 20, 3), np.uint8)
    marked = mark(picture, (5, 5, 15, 15))
    assert marked[5, 10].tolist() == [60, 255, 60] and marked[10, 10].max() == 0
    assert picture.max() == 0


def test_pictures_side_by_side_are_unchanged_below_their_captions():
    pictures = [np.full((10, 30, 3), value, np.uint8) for value in (0, 100, 200)]
    sheet = side_by_side(pictures, ['a', 'a long caption of many words', 'c'])
    assert sheet.shape == (10 + CAPTION, 3 * 30 + 2 * GAP, 3)
    for number, picture in enumerate(pictures):
        left = number * (30 + GAP)
        assert np.array_equal(sheet[CAPTION:, left : left + 30], picture)


def test_a_clip_comes_back_with_as_many_frames_and_their_brightness(tmp_path):
    frames = [np.full((33, 48, 3), value, np.uint8) for value in (30, 130, 230)]
    write_clip(tmp_path / 'new' / 'clip.mp4', frames, 5)
    video = cv2.VideoCapture(str(tmp_path / 'new' / 'clip.mp4'))
    found = []
    while (read := video.read())[0]:
        found.append(read[1])
    assert video.get(cv2.CAP_PROP_FPS) == 5
    assert [frame.shape for frame in found] == [(32, 48, 3)] * 3
    assert np.abs([frame.mean() for frame in found] - np.array([30, 130, 230])).max() < 4


def test_three_maps_are_the_red_green_and_blue_of_a_picture():
    maps = np.zeros((3, 2, 2), np.float32)
    maps[0], maps[1, 0] = 1, 0.5  # red all over, some green above
    picture = colour_components(maps, (2, 2))
    assert picture.tolist() == [[[0, 128, 255]] * 2, [[0, 0, 255]] * 2]  # blue, green, red
    assert colour_components(maps, (8, 6)).shape == (8, 6, 3)


def test_a_picture_comes_back_from_its_file_and_folders_are_made(tmp_path):
    picture = np.random.default_rng(0).integers(0, 256, (5, 7, 3), dtype=np.uint8)
    path = tmp_path / 'new' / 'folder' / 'picture.png'
    write_picture(path, picture)
    assert np.array_equal(cv2.imread(str(path)), picture)


def test_a_clip_that_opencv_cannot_write_is_an_error(tmp_path):
    (tmp_path / 'clip.mp4').mkdir()
    with pytest.raises(OSError, match='cannot write MPEG-4 to .*clip.mp4'):
        write_clip(tmp_path / 'clip.mp4', [np.zeros((8, 8, 3), np.uint8)], 4)
