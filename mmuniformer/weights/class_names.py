"""Class names of the video datasets, in the order of mmaction2 and in that of the released heads.

The lists are text files in ``labels``, one name per line, and also serve as label files.
"""

import json
import re
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path

PERMUTED = ('kinetics400', 'kinetics600', 'sthv1', 'sthv2')  # heads in an order of their own
DATASETS = (*PERMUTED, 'ucf101', 'hmdb51', 'kinetics700', 'kinetics710')
K710_PARTS = ('kinetics400', 'kinetics600', 'kinetics700')
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
    return tuple(_packaged(f'{dataset}{suffix}.txt').splitlines())


def read_class_names(path: str | Path) -> tuple[str, ...]:
    """Read a list of names, one per line, in the order of the classifier's rows.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: a line is empty, or a class occurs twice.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f'class list {path} does not exist or is not a file')
    names = tuple(line.strip() for line in path.read_text(encoding='utf-8').splitlines())
    if not names:
        raise ValueError(f'{path} is empty; write a class name per line')
    if '' in names:
        raise ValueError(f'{path}:{names.index("") + 1}: a line without a class name')
    _places(names, str(path))
    return names


def official_rows(dataset: str) -> list[int]:
    """For every class in mmaction2's order, its row in a released head.

    Names are compared without case and punctuation, in which the two lists differ.
    """
    rows = {plain(name): row for row, name in enumerate(class_names(dataset, 'official'))}
    return [rows[plain(name)] for name in class_names(dataset)]


def k710_rows(dataset: str) -> list[int]:
    """For every class of a Kinetics dataset, its row in a head for Kinetics-710 (2211.09552).

    Both are in mmaction2's order, in which the first 400 rows are those of Kinetics-400.

    Raises:
        ValueError: ``dataset`` is none of :data:`K710_PARTS`.
    """
    if dataset not in K710_PARTS:
        raise ValueError(f'dataset {dataset!r} is none of {", ".join(K710_PARTS)}')
    return rows_by_name(class_names(dataset), class_names('kinetics710'))


def rows_by_name(names: Sequence[str], among: Sequence[str]) -> list[int]:
    """For every class in ``names``, its index in ``among``.

    Names are compared without case and punctuation. Fourteen classes of Kinetics-400 and
    Kinetics-600 have another name in later datasets; either is accepted.

    Raises:
        ValueError: a class is missing, or occurs twice.
    """
    places = _places(among, 'the list')
    if missing := [name for name in names if _merged(name) not in places]:
        more = f' and {len(missing) - 5} more' if len(missing) > 5 else ''
        raise ValueError(
            f'{len(missing)} of {len(names)} classes are not among the {len(among)}: '
            f'{", ".join(missing[:5])}{more}'
        )
    return [places[_merged(name)] for name in names]


def plain(name: str) -> str:
    """The letters and digits of a name, in lower case; lists and folders agree in them."""
    return re.sub('[^a-z0-9]', '', name.lower())


def _places(names: Sequence[str], where: str) -> dict[str, int]:
    places: dict[str, int] = {}
    for row, name in enumerate(names):
        first = places.setdefault(_merged(name), row)
        if first != row:
            raise ValueError(
                f'{where} has one class twice: {names[first]!r} in row {first}, {name!r} in {row}'
            )
    return places


def _merged(name: str) -> str:
    key = plain(name)
    return _renamed().get(key, key)


@cache
def _renamed() -> dict[str, str]:
    renamed = json.loads(_packaged('kinetics710_renamed.json'))
    return {plain(old): plain(new) for old, new in renamed.items()}


def _packaged(name: str) -> str:
    return (files(__package__) / 'labels' / name).read_text(encoding='utf-8')
