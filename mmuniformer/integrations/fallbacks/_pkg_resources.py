"""The functions of pkg_resources that mmengine and mim call, on importlib.metadata."""

import pkgutil
import sys
from collections.abc import Iterator
from importlib import metadata

from packaging.version import parse as parse_version

__all__ = [
    'Distribution',
    'DistributionNotFound',
    'declare_namespace',
    'fixup_namespace_packages',
    'get_distribution',
    'parse_version',
    'working_set',
]


class DistributionNotFound(Exception):  # noqa: N818
    """A distribution is not installed."""


class Distribution:
    """An installed distribution: its name, version, the folder it is in, and its metadata."""

    def __init__(self, found: metadata.Distribution):
        self._found = found
        self.project_name: str = found.metadata['Name']
        self.key = self.project_name.lower()
        self.version: str = found.version
        self.location = str(found.locate_file(''))

    def has_metadata(self, name: str) -> bool:
        return self._found.read_text(name) is not None

    def get_metadata(self, name: str) -> str:
        text = self._found.read_text(name)
        if text is None:
            raise FileNotFoundError(f'{self.project_name} has no {name}')
        return text


def get_distribution(name: str) -> Distribution:
    """Find an installed distribution by its name."""
    try:
        return Distribution(metadata.distribution(name))
    except (metadata.PackageNotFoundError, ValueError) as error:  # the latter for an empty name
        raise DistributionNotFound(f'The {name!r} distribution was not found') from error


class _WorkingSet:
    """All installed distributions; of two with one name the first, which is the one imported."""

    def __iter__(self) -> Iterator[Distribution]:
        seen = set()
        for found in metadata.distributions():
            name = found.metadata['Name']
            if name and name.lower() not in seen:
                seen.add(name.lower())
                yield Distribution(found)


working_set = _WorkingSet()


def declare_namespace(name: str) -> None:
    """Join the folders of a namespace package, for packages that try this before pkgutil."""
    module = sys.modules[name]
    module.__path__ = pkgutil.extend_path(module.__path__, name)


def fixup_namespace_packages(path_item: str) -> None:
    """Do nothing; pytest calls this when it adds a folder to ``sys.path``."""
