"""Keypoints are drawn beside a NumPy that converts no array to a number."""

import numpy as np
import pytest

import mmuniformer  # noqa: F401
from mmuniformer.integrations.patches import keypoints

pytest.importorskip('mmpose')


@pytest.mark.parametrize('alpha', [1.0, 0.5])
@pytest.mark.parametrize('radius', [np.array([3]), 3])
def test_circles_have_the_radius_of_a_number_or_an_array(radius, alpha):
    from mmpose.visualization import PoseLocalVisualizer

    visualizer = PoseLocalVisualizer(backend='opencv')
    visualizer.set_image(np.zeros((20, 30, 3), np.uint8))
    circle = {'face_colors': (200, 100, 50), 'edge_colors': 'g', 'alpha': alpha}
    visualizer.draw_circles(np.array([12.7, 9.2]), radius, **circle)
    drawn = visualizer.get_image()
    rows, columns = np.nonzero(drawn.any(axis=-1))
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (6, 12, 9, 15)
    assert drawn[9, 12].tolist() == [200 * alpha, 100 * alpha, 50 * alpha]


def test_a_numpy_that_converts_it_leaves_mmpose_alone(monkeypatch):
    called = []
    monkeypatch.setattr(keypoints.np, 'ones', lambda count: count)
    monkeypatch.setattr(keypoints, 'after_import', lambda *names: called.append(names))
    keypoints.convert_keypoint_radius()
    assert called == []
