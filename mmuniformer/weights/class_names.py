"""Class names of the video data sets, in the order of mmaction2 and in that of the released heads.

The lists lie beside this file, a name per line, and serve as label files of inferencers too.
"""

import re
from importlib.resources import files

DATASETS = ('kinetics400', 'kinetics600', 'sthv1', 'sthv2', 'ucf101', 'hmdb51')
PERMUTED = DATASETS[:4]  # whose released heads are in an order of their own
ORDERS = ('mmaction2', 'official')


def class_names(dataset: str, order: str = 'mmaction2') -> tuple[str, ...]:
    """Name the classes of ``dataset``, first to last row of a classifier.

    Args:
        dataset: one of :data:`DATASETS`.
        order: ``'mmaction2'``, of its annotation lists; or ``'official'``, of the authors' files.

    Raises:
        ValueError: no such data set, or no such order of it.
    """
    if dataset not in DATASETS:
        raise ValueError(f'dataset {dataset!r} is none of {", ".join(DATASETS)}')
    if order not in ORDERS:
        raise ValueError(f'order {order!r} is none of {", ".join(ORDERS)}')
    if order == 'official' and dataset not in PERMUTED:
        raise ValueError(
            f'the official order of {dataset} is not known; that of {", ".join(PERMUTED)} is'
        )
    suffix = '_official' if order == 'official' else ''
    text = (files(__package__) / 'labels' / f'{dataset}{suffix}.txt').read_text(encoding='utf-8')
    return tuple(text.splitlines())


def official_rows(dataset: str) -> list[int]:
    """For every class in mmaction2's order, the row of it in a released head.

    Names are compared without regard to case and punctuation, in which the two lists differ.
    """
    rows = {_plain(name): row for row, name in enumerate(class_names(dataset, 'official'))}
    return [rows[_plain(name)] for name in class_names(dataset)]


def _plain(name: str) -> str:
    return re.sub('[^a-z0-9]', '', name.lower())
