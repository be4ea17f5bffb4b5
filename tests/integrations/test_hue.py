"""Hues turn backwards beside NumPy 2 as they did beside NumPy 1."""

import numpy as np
import pytest
from fresh_python import run_python

import mmuniformer  # noqa: F401
from mmuniformer.integrations.patches import hue

mmcv = pytest.importorskip('mmcv')
IMAGE = (np.random.RandomState(0).rand(40, 50, 3) * 255).astype(np.uint8)
# Sums of mmcv with OpenCV, mmcv with Pillow and mmaction2 by NumPy 1.26, for each factor.
SUMS = {
    -0.5: (754821, 755371, 755690),
    -0.243: (755673, 756661, 755225),
    -0.01: (755915, 757269, 755323),
    0: (755930, 757254, 755198),
    0.1: (755688, 756638, 753845),
    0.5: (754931, 755529, 757041),
}


@pytest.mark.parametrize('factor', SUMS)
def test_mmcv_turns_hues_as_before(factor):
    for backend, expected in zip(('cv2', 'pillow'), SUMS[factor], strict=False):
        turned = mmcv.adjust_hue(IMAGE, factor, backend=backend)
        assert turned.dtype == np.uint8 and turned.sum(dtype=int) == expected


@pytest.mark.parametrize('factor', SUMS)
def test_mmaction2_turns_hues_as_before(factor):
    pytest.importorskip('mmaction')
    from mmaction.datasets.transforms import ColorJitter

    turned = ColorJitter.adjust_hue(IMAGE.astype(np.float32), factor)
    assert turned.dtype == np.float32 and turned.sum(dtype=float) == SUMS[factor][2]


def test_a_factor_of_more_than_half_a_turn_is_refused_as_before():
    for factor in (-0.6, 0.6):
        with pytest.raises(ValueError, match=rf'{factor} is not in \[-0.5, 0.5\]'):
            mmcv.adjust_hue(IMAGE, factor)


@pytest.mark.skipif(np.__version__ < '2', reason='NumPy 1 computes it')
@pytest.mark.parametrize('order', ['mmcv, mmuniformer', 'mmuniformer, mmcv'])
def test_it_does_not_matter_which_is_imported_first(order):
    code = f"""
import {order}, mmcv.image, numpy as np
names = {{mmcv.adjust_hue, mmcv.image.adjust_hue, mmcv.image.photometric.adjust_hue}}
print(len(names), mmcv.adjust_hue(np.full((2, 2, 3), (9, 99, 200), np.uint8), -0.25).tolist()[0][0])
"""
    assert run_python(code)[-1] == '1 [198, 9, 200]'


def test_a_numpy_that_computes_it_leaves_mmcv_alone(monkeypatch):
    class Zeros(int):
        def __add__(self, other: int) -> int:
            return other

    called = []
    monkeypatch.setattr(hue.np, 'zeros', lambda *shape: Zeros())
    monkeypatch.setattr(hue, 'after_import', lambda *names: called.append(names))
    hue.allow_negative_hue_shifts()
    assert called == []
