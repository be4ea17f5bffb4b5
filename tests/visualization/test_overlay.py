"""visualization/overlay.py: images keep their size, heat stays where it is."""

import cv2
import numpy as np
import pytest

from mmuniformer.visualization import (
    color_components,
    draw_box,
    kernel_sheet,
    overlay,
    side_by_side,
)
from mmuniformer.visualization.overlay import CAPTION, GAP


def test_an_overlay_has_the_size_of_the_image_and_its_heat_in_place():
    image = np.full((61, 83, 3), 128, np.uint8)
    heat = np.zeros((2, 2), np.float32)
    heat[0, 1] = 1
    drawn = overlay(image, heat)
    assert drawn.shape == image.shape
    hot, cold = drawn[0, -1].astype(int), drawn[-1, 0].astype(int)
    colors = cv2.applyColorMap(np.uint8([[255, 0]]), cv2.COLORMAP_TURBO)[0].astype(int)
    assert np.abs(hot - (128 + colors[0]) / 2).max() <= 1
    assert np.abs(cold - (128 + colors[1]) / 2).max() <= 1
    assert np.array_equal(overlay(image, heat, 0), image)


@pytest.mark.parametrize(
    ('heat', 'strength', 'message'),
    [(np.full((2, 2), 1.5), 0.5, 'not within 0 and 1'), (np.zeros((2, 2)), 2, 'strength 2')],
)
def test_values_that_are_not_shares_are_refused(heat, strength, message):
    with pytest.raises(ValueError, match=message):
        overlay(np.zeros((4, 4, 3), np.uint8), heat, strength)


def test_kernels_are_red_above_zero_and_blue_below():
    kernels = np.zeros((3, 5, 5))
    kernels[0, 0, 0], kernels[1, 4, 4], kernels[2] = 2.0, -2.0, 0.0
    sheet = kernel_sheet(kernels, columns=2, cell=4)
    assert sheet.shape == (2 * (20 + GAP) + GAP, 2 * (20 + GAP) + GAP, 3)
    assert sheet[GAP, GAP].tolist() == [40, 40, 210]
    assert sheet[GAP + 19, GAP + 20 + GAP + 19].tolist() == [210, 80, 40]
    assert (sheet[GAP + 20 + GAP : -GAP, GAP : GAP + 20] == 255).all()


def test_a_box_is_a_green_frame_on_a_copy():
    image = np.zeros((20, 20, 3), np.uint8)
    drawn = draw_box(image, (5, 5, 15, 15))
    assert drawn[5, 10].tolist() == [60, 255, 60] and drawn[10, 10].max() == 0
    assert image.max() == 0


def test_images_side_by_side_are_unchanged_below_their_captions():
    images = [np.full((10, 30, 3), value, np.uint8) for value in (0, 100, 200)]
    sheet = side_by_side(images, ['a', 'a long caption of many words', 'c'])
    assert sheet.shape == (10 + CAPTION, 3 * 30 + 2 * GAP, 3)
    for number, image in enumerate(images):
        left = number * (30 + GAP)
        assert np.array_equal(sheet[CAPTION:, left : left + 30], image)


def test_three_maps_are_the_red_green_and_blue_of_an_image():
    maps = np.zeros((3, 2, 2), np.float32)
    maps[0], maps[1, 0] = 1, 0.5  # red all over, some green above
    image = color_components(maps, (2, 2))
    assert image.tolist() == [[[0, 128, 255]] * 2, [[0, 0, 255]] * 2]  # blue, green, red
    assert color_components(maps, (8, 6)).shape == (8, 6, 3)
