"""Find a file by path, URL or released name, and read it so that nothing in it can run."""

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePath
from typing import Any
from urllib.parse import urlparse

import torch

from .formats import read_pth, read_safetensors
from .report import CheckpointError
from .zoo import SUFFIX, Published, find_by_name, identify, similar_names


@dataclass(frozen=True)
class Checkpoint:
    """A file that was read.

    Attributes:
        source: the path, URL or name that was asked for.
        path: where the file is.
        content: what it holds.
    """

    source: str
    path: Path
    content: Any

    @cached_property
    def published(self) -> Published | None:
        """The released file that this is, by its hash, else by its name."""
        return identify(self.path) or find_by_name(self.path)


def read(source: str | Path | Checkpoint) -> Checkpoint:
    """Read a file, URL or released file, tensors and plain data only.

    Raises:
        FileNotFoundError: there is no such file.
        OSError: it cannot be opened.
        CheckpointError: it is damaged, or holds other things than tensors and plain data.
    """
    if isinstance(source, Checkpoint):
        return source
    path = resolve_path(source)
    if not path.is_file():
        raise FileNotFoundError(f'checkpoint {path} does not exist or is not a file')
    content = read_safetensors(path) if path.suffix == '.safetensors' else read_pth(path)
    return Checkpoint(str(source), path, content)


def read_checkpoint(source: str | Path) -> Any:
    """What a file, URL or released file holds; see :func:`read`."""
    return read(source).content


def is_url(source: str | Path) -> bool:
    return urlparse(str(source)).scheme in ('http', 'https')


def is_name(source: str | Path) -> bool:
    """Whether this looks like the name of a released file: no folder, and no ending of a file."""
    return isinstance(source, str) and PurePath(source).name == source and not SUFFIX.search(source)


def resolve_path(source: str | Path) -> Path:
    """Return the local path of a file, a URL or a released file, downloaded if necessary.

    A local file takes precedence over a released one of the same name.

    Raises:
        FileNotFoundError: neither a file nor a released one has this name, or the released one has
            no direct link.
        CheckpointError: the download failed.
    """
    if is_url(source):
        return _download(str(source), Path(urlparse(str(source)).path).name)
    if not is_name(source) or Path(source).exists():
        return Path(source)
    row = find_by_name(source)
    if row is None:
        raise FileNotFoundError(
            f'checkpoint {source!r} does not exist, and no released file has this name'
            f'{similar_names(str(source))}'
        )
    target = _cache() / row.file_name
    if row.url is None:
        if target.exists():
            return target
        pages = ' or '.join(row.pages)
        raise FileNotFoundError(
            f'{row.name} has no direct link. Download it by way of {pages}, then give its path '
            f'instead of its name, or put it at {target}'
        )
    return _download(row.url, row.file_name, row)


def _cache() -> Path:
    return Path(torch.hub.get_dir()) / 'checkpoints'


def _download(url: str, name: str, row: Published | None = None) -> Path:
    """Download ``url`` into torch hub's cache unless it is there, and return the path.

    A file is verified by the hash of its ``row``, or by a SHA-256 in its name, ``-<hash>.pth``.
    """
    path = _cache() / name
    if path.exists():
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    digest = re.search(r'-([a-f0-9]{8,})\.', name)
    try:
        torch.hub.download_url_to_file(url, str(path), digest.group(1) if digest else None)
    except (OSError, RuntimeError) as error:  # RuntimeError: not the hash in its name
        raise CheckpointError(
            f'{url} could not be downloaded ({error}); fetch it by other means and give its '
            f'path, or put it at {path}'
        ) from error
    if row and (row.md5 or row.sha256) and identify(path) != row:
        path.unlink()
        raise CheckpointError(
            f'{url} is not {row.name} any more, or was damaged in transit: its hash is another'
        )
    return path
