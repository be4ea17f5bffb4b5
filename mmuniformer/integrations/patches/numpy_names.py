"""Names that NumPy has removed and toolboxes use."""

import importlib.util
import logging
from typing import Any

import numpy as np
from numpy import ndarray

_LOG = logging.getLogger('mmuniformer')


def _in1d(ar1: Any, ar2: Any, **options: Any) -> ndarray:
    """Test for each element of the flattened ``ar1`` whether it is in ``ar2``."""
    return np.isin(np.ravel(ar1), ar2, **options)


# Toolbox → name → what it was.
_USED: dict[str, dict[str, Any]] = {
    'mmaction': {
        'Inf': np.inf,
        'NAN': np.nan,
        'in1d': _in1d,
        'trapz': getattr(np, 'trapezoid', None),  # new in NumPy 2.0, which kept trapz until 2.4
    },
    'mmpretrain': {'in1d': _in1d},
    'mmdet': {'float': float},
}


def restore_names() -> None:
    """Give NumPy back the names that the installed toolboxes use, if it lacks them."""
    for toolbox, names in _USED.items():
        missing = {name: value for name, value in names.items() if name not in vars(np)}
        if not missing or importlib.util.find_spec(toolbox) is None:
            continue
        for name, value in missing.items():
            setattr(np, name, value)
        _LOG.info('numpy has %s again, for %s', ', '.join(missing), toolbox)
