"""Looking up the architecture that a user names or describes."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, ClassVar, Protocol, TypeVar

from .ablations import AblationArch
from .arch import ARCHS, Arch
from .arch_light import LIGHT_ARCHS


class Dataclass(Protocol):
    __dataclass_fields__: ClassVar[dict[str, Any]]


Row = TypeVar('Row', bound=Dataclass)


def find_arch(arch: str | Mapping | Arch) -> Arch:
    """Look up a row, or make one of the fields in a dict; fields left out are as in ``small``.

    Raises:
        ValueError: there is no such row or field.
        TypeError: ``arch`` is neither a name nor a dict.
    """
    if isinstance(arch, Arch):
        return arch
    if isinstance(arch, str) and arch in LIGHT_ARCHS:
        raise ValueError(f'arch {arch!r} is a light net; use UniFormerLight or UniFormerLight3D')
    if isinstance(arch, Mapping) and set(arch) <= {field.name for field in fields(Arch)}:
        return Arch(**arch)
    return find_row(arch, AblationArch, ARCHS)


def find_row(arch: str | Mapping | Row, cls: type[Row], rows: Mapping[str, Row]) -> Row:
    """Look up a row of a table, or make one of the fields in a dict."""
    if isinstance(arch, cls):
        return arch
    if isinstance(arch, str):
        if arch not in rows:
            raise ValueError(
                f'unknown arch {arch!r}; there are {", ".join(rows)}, or a dict of fields'
            )
        return rows[arch]
    if not isinstance(arch, Mapping):
        raise TypeError(f'arch is the name of a row or a dict of fields, got {arch!r}')
    known = [field.name for field in fields(cls)]
    if unknown := set(arch) - set(known):
        raise ValueError(f'arch has no field {sorted(unknown)}; there are {", ".join(known)}')
    return cls(**arch)
