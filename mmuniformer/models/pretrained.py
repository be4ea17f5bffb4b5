"""Released files for backbones: read by one process at a time, and what nets they belong to."""

from pathlib import Path
from typing import Any

from mmengine.dist import barrier, get_rank

from ..weights.read import Checkpoint, is_name, is_url, read, resolve_path
from ..weights.zoo import Published, find_by_name, zoo


def read_once(source: str | Path) -> Checkpoint:
    """Read a file; if it has to be downloaded, one process does so and the others wait."""
    if is_url(source) or is_name(source):
        try:
            if get_rank() == 0:
                resolve_path(source)
        finally:
            barrier()
    return read(source)


def read_for(cls: type, source: str | Path) -> tuple[Checkpoint, dict[str, Any]]:
    """Read a file for a class of backbones, with the arguments of the released net.

    Returns:
        The file, and the arguments: none if the file is not a released one.

    Raises:
        ValueError: the file is of another class; a released one is refused before its download.
    """
    if row := find_by_name(source):
        _check_class(cls, row)
    checkpoint = read_once(source)
    row = checkpoint.published
    if row is None:
        return checkpoint, {}
    _check_class(cls, row)
    same_class = row.backbone == _family(cls)
    return checkpoint, row.arguments if same_class else {'arch': row.arch}


def _check_class(cls: type, row: Published) -> None:
    # 3D nets take files of their 2D counterparts, which are inflated.
    family = _family(cls)
    if row.backbone not in (family, family.removesuffix('3D')):
        raise ValueError(f'{row.name} is a {row.backbone}; use {row.backbone}.from_pretrained')


def _family(cls: type) -> str:
    """Name of the class in the table of files that ``cls`` is or extends."""
    names = {row.backbone for row in zoo().values()}
    return next((base.__name__ for base in cls.__mro__ if base.__name__ in names), cls.__name__)
