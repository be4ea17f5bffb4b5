"""NumPy has the names that toolboxes use, with their old meaning, and is left alone otherwise."""

import importlib.util
import math

import numpy as np
import pytest

import mmuniformer  # noqa: F401
from mmuniformer.integrations.patches import numpy_names

ALL = {name for names in numpy_names._USED.values() for name in names}


def test_an_older_numpy_keeps_its_own_names(monkeypatch):
    own = {name: object() for name in ALL}
    for name, value in own.items():
        monkeypatch.setattr(np, name, value, raising=False)
    numpy_names.restore_names()
    assert {name: vars(np)[name] for name in ALL} == own


def test_without_the_toolboxes_nothing_is_added(monkeypatch):
    for name in ALL & set(vars(np)):
        monkeypatch.delattr(np, name)
    monkeypatch.setattr(importlib.util, 'find_spec', lambda name: None)
    numpy_names.restore_names()
    assert not ALL & set(vars(np))


@pytest.mark.parametrize('toolbox', numpy_names._USED)
def test_a_toolbox_gets_the_names_it_uses_and_no_others(toolbox, monkeypatch):
    for name in ALL & set(vars(np)):
        monkeypatch.delattr(np, name)
    monkeypatch.setattr(importlib.util, 'find_spec', lambda name: name == toolbox or None)
    numpy_names.restore_names()
    assert ALL & set(vars(np)) == set(numpy_names._USED[toolbox])
    for name in numpy_names._USED[toolbox]:
        delattr(np, name)


@pytest.mark.skipif(not hasattr(np, 'trapezoid'), reason='before NumPy 2.0 it is called trapz')
def test_the_names_mean_what_they_meant():
    pytest.importorskip('mmaction')
    assert np.Inf == math.inf and math.isnan(np.NAN)
    assert np.trapz([1.0, 2.0, 4.0], [0.0, 1.0, 3.0]) == 1.5 + 6
    found = np.in1d([[1, 2], [3, 4]], [2, 4])
    assert found.tolist() == [False, True, False, True]
    assert np.in1d([1, 2], [2], invert=True).tolist() == [True, False]


def test_mmaction2_computes_areas_and_boxes_with_them():
    pytest.importorskip('mmaction')
    from mmaction.datasets.transforms import PoseCompact
    from mmaction.evaluation.functional import average_recall_at_avg_proposals

    proposals = {'a': np.array([[0.0, 10.0, 0.9], [5.0, 10.0, 0.5]])}
    truth = {'a': np.array([[0.0, 10.0]])}
    _, recall, _, area = average_recall_at_avg_proposals(truth, proposals, 2)
    assert recall[-1] == 1 and 0 < area <= 100
    keypoint = np.array([[[[10.0, 20.0], [30.0, 60.0]]]])
    compact = PoseCompact(padding=0.0, threshold=1, allow_imgpad=False)
    result = compact({'img_shape': (100, 100), 'keypoint': keypoint, 'keypoint_score': 1})
    assert result['img_shape'] == (40, 20)
