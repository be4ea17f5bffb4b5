"""Training checkpoints of mmengine 0.10 in PyTorch ≥ 2.6, which reads with ``weights_only``."""

import logging
from typing import Any

import numpy as np
import torch
from mmengine.logging import HistoryBuffer

_LOG = logging.getLogger('mmuniformer')


def add_safe_globals() -> None:
    """Add the classes in mmengine's training checkpoints to the allow-list of ``torch.load``.

    They hold the log's history and arrays. These classes alone are added; the check stays on.
    """
    serialization = torch.serialization
    if not hasattr(serialization, 'get_safe_globals'):
        return  # before PyTorch 2.5 everything in a file was allowed
    HistoryBuffer()  # the table of its statistics is empty until the first one is made
    array, scalar = np.zeros(1), np.float64(0)
    reconstruct, make_scalar = array.__reduce__()[0], scalar.__reduce__()[0]
    # An array without elements holds bytes: mmpose's colors of a skeleton without links.
    classes = {HistoryBuffer, np.ndarray, np.dtype, bytes}
    classes |= {type(np.dtype(code)) for code in '?bBhHiIlLqQefdgFD'}
    # With their names: a fork of mmengine adds the classes themselves for each file that it reads,
    # and takes them off the list again afterwards.
    allowed: list[Any] = [(cls, f'{cls.__module__}.{cls.__qualname__}') for cls in classes]
    allowed.append((_get_statistic, 'builtins.getattr'))
    # NumPy 2 moved numpy.core to numpy._core; a file may come from either side.
    for package in ('numpy.core', 'numpy._core'):
        allowed.append((reconstruct, f'{package}.multiarray._reconstruct'))
        allowed.append((make_scalar, f'{package}.multiarray.scalar'))
    serialization.add_safe_globals(allowed)
    _LOG.info("mmengine's history buffers are on torch.load's allow-list")


def _get_statistic(owner: type, name: str) -> Any:
    """Replace ``getattr`` during unpickling: gets the statistics of a HistoryBuffer alone."""
    statistics: dict[str, Any] = HistoryBuffer._statistics_methods
    if owner is HistoryBuffer and name in statistics:
        return statistics[name]
    raise ValueError(f'a checkpoint asks for attribute {name!r} of {owner!r}, which is not allowed')
