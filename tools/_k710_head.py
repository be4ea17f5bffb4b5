"""The classifier of a UniFormerV2 cut down to the classes of another data set, by their names."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from torch import Tensor

from mmuniformer.weights import CheckpointError
from mmuniformer.weights.class_names import (
    DATASETS,
    PERMUTED,
    class_names,
    read_class_names,
    rows_by_name,
)
from mmuniformer.weights.official_keys import strip_prefix, unwrap

# Where the linear layer is: in checkpoints of mmaction2 and of the configs here, and in the
# authors' files, whose final LayerNorm lies beside it. Bare nets lack the prefix.
PREFIX = 'backbone.'
HEAD, OFFICIAL_HEAD = 'cls_head.fc_cls.', 'backbone.transformer.proj.2.'
NORM, OFFICIAL_NORM = 'backbone.transformer.norm.', 'backbone.transformer.proj.0.'
SHORT = {name.replace('kinetics', 'k'): name for name in DATASETS if name.startswith('kinetics')}


@dataclass(frozen=True)
class Sliced:
    """A checkpoint for mmaction2 with the rows that were taken over, and how many there were."""

    checkpoint: dict
    rows: tuple[int, ...]
    before: int

    def __str__(self) -> str:
        others = len(self.checkpoint['state_dict']) - 2
        return (
            f'{others} tensors kept\n'
            f'{len(self.rows)} of the {self.before} rows of the head taken, by name'
        )


def is_official_v2(state: Mapping[str, Tensor]) -> bool:
    return any(key.endswith(f'{OFFICIAL_HEAD}weight'.removeprefix(PREFIX)) for key in state)


def find_names(classes: str) -> tuple[str, ...]:
    """The classes of a data set (``k710``, ``kinetics710``) or of a list, a name per line.

    Raises:
        FileNotFoundError, ValueError: neither.
    """
    dataset = SHORT.get(classes, classes)
    if dataset in DATASETS:
        return class_names(dataset)
    if not classes.endswith('.txt'):
        raise ValueError(
            f'{classes!r} is none of {", ".join((*SHORT, *DATASETS))}, nor a .txt list of names'
        )
    return read_class_names(classes)


def slice_head(source: Mapping, old: str, new: str) -> Sliced:
    """Keep the rows of the head that the classes ``new`` have, in their order.

    Args:
        source: a checkpoint of mmaction2 or of the configs here, or a file of the authors.
        old, new: classes of the head, and those wanted, as :func:`find_names` takes them.

    Raises:
        CheckpointError: the file has no such head, or one with another number of rows.
        ValueError: there are no such classes, or the head does not have all of those wanted.
        FileNotFoundError: there is no such list.
    """
    state = unwrap(source)
    if all(key.startswith('module.') for key in state):
        state, _ = strip_prefix(state, 'module.')
    official = is_official_v2(state)
    if official and not any(key.startswith(PREFIX) for key in state):
        state = {PREFIX + key: value for key, value in state.items()}
    head = OFFICIAL_HEAD if official else HEAD
    names, wanted = find_names(old), find_names(new)
    for key in (f'{head}weight', f'{head}bias'):
        if key not in state:
            raise CheckpointError(
                f'the file has neither {HEAD}* (mmaction2) nor {OFFICIAL_HEAD}* (the authors); '
                'it is no classifier of UniFormerV2, or the head has been taken off'
            )
        if len(state[key]) != len(names):
            raise CheckpointError(
                f'{key} has {len(state[key])} rows and {old} {len(names)} classes; '
                'name the classes that the file was trained on'
            )
    rows = _rows(_in_their_order(old) if official else names, wanted, old, new)
    sliced = {}
    for key, value in state.items():
        if key.startswith(head):
            sliced[HEAD + key[len(head) :]] = value[rows]
        else:
            sliced[key.replace(OFFICIAL_NORM, NORM)] = value
    return Sliced(
        checkpoint={'meta': {'dataset_meta': {'classes': list(wanted)}}, 'state_dict': sliced},
        rows=tuple(rows),
        before=len(names),
    )


def _in_their_order(classes: str) -> tuple[str, ...]:
    """The names of an official head's rows, as far as they are known."""
    dataset = SHORT.get(classes, classes)
    if dataset == 'kinetics710':  # the first 400 rows are those of their Kinetics-400
        return class_names('kinetics400', 'official')
    if dataset in PERMUTED:
        return class_names(dataset, 'official')
    return () if dataset in DATASETS else read_class_names(dataset)


def _rows(names: Sequence[str], wanted: Sequence[str], old: str, new: str) -> list[int]:
    known = find_names(old)
    rows_by_name(wanted, known)
    try:
        return rows_by_name(wanted, names)
    except ValueError as error:
        raise ValueError(
            f"the authors' order of {old} is known for {len(names)} of {len(known)} rows, which "
            f'is not enough for {new}; give the names of all rows in order, as a list with --from'
        ) from error
