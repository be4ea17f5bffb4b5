"""Search, identify and download the released weights."""

from __future__ import annotations

import filecmp
import json
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Literal

from ..models.checks import choice
from ..weights import CheckpointError, Published, find, identify, published_files
from ..weights.read import read_checkpoint
from ..weights.unwrap import unwrap
from ..weights.zoo import find_by_name
from .zoo_contents import Contents, look_into, objection

Task = Literal['image', 'video', 'det', 'seg', 'pose']


def search(text: str = '', *, task: Task | None = None, arch: str | None = None) -> list[Published]:
    """Return the released files whose row contains every word of ``text``.

    Example:
        >>> [row.name for row in search('top_down 448x320', task='pose')][:1]
        ['top_down_448x320_global_small']

    Raises:
        ValueError: the task is unknown.
    """
    if task is not None:
        choice('task', task, Task)
    found = []
    for row in published_files():
        values = ' '.join(str(value) for value in asdict(row).values() if value).lower()
        if (
            task in (None, row.task)
            and arch in (None, row.arch)
            and all(word in values for word in text.lower().split())
        ):
            found.append(row)
    return found


def get_hash(row: Published) -> str | None:
    """Return the published hash of a file with its type, such as ``MD5 0123…``."""
    return f'SHA-256 {row.sha256}' if row.sha256 else row.md5 and f'MD5 {row.md5}'


def describe_sources(row: Published) -> str:
    """Describe where to get a file that cannot be downloaded directly."""
    pages = '\n'.join(f'  {page}' for page in row.pages)
    return (
        f'Pages of its authors that link to it:\n{pages}\n'
        'Download it there, then:\n'
        f'  mmuniformer zoo fetch {row.name} --from-file FILE'
    )


def check_file(path: str | Path) -> tuple[bool, str]:
    """Return whether a file has the hash of a release, and a description of it.

    Raises:
        FileNotFoundError: the file does not exist.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f'there is no such file: {path}')
    row = identify(path)
    if row is not None:
        return True, f'is the released {row.name} ({get_hash(row)}), {row.backbone} {row.arch!r}'
    try:
        contents = look_into(path)
    except CheckpointError as error:
        return False, f'is none of the released files whose hash is known. {error}'
    return False, f'{contents}. {_compare_by_name(path, contents)}'


def _compare_by_name(path: Path, contents: Contents) -> str:
    source = find_by_name(contents.made_from) if contents.made_from else None
    row = source or find_by_name(path)
    if row is None:
        return 'Nothing is known about this file: no released one has its hash or its name'
    if reason := objection(contents, row):
        return f'It has the name of a released file and is NOT that one: {reason}'
    if source:
        return f'It says that it is a copy of the released {row.name}'
    if digest := get_hash(row):
        return f'It has the name of a released file and is NOT that one, whose {digest} differs'
    return f'It may be the released {row.name}, of which no hash is known'


def fetch(
    name: str, folder: str | Path = 'checkpoints', *, from_file: str | Path | None = None
) -> Path:
    """Download a released file to a folder, under the name that the configs expect.

    An existing file is verified and kept. An interrupted download is resumed.

    Args:
        name: name or alias of a released file.
        from_file: local copy to use instead of a download.

    Raises:
        ValueError: the name is unknown, or a file differs from the release.
        FileExistsError: the target exists and differs from ``from_file``.
        FileNotFoundError: ``from_file`` does not exist, or the release has no direct link.
        DownloadError: the download failed.
    """
    row = find(name)
    target = Path(folder) / row.file_name
    source = None if from_file is None else Path(from_file)
    if source is not None and not source.is_file():
        raise FileNotFoundError(f'{source} does not exist or is not a file')
    if Path(folder).exists() and not Path(folder).is_dir():
        raise ValueError(f'{folder} is a file; name a folder')
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        _bring(row, target, source)
    elif source is not None and not filecmp.cmp(source, target, shallow=False):
        raise FileExistsError(f'{target} is there already and is another file than {source}')
    else:
        _verify(target, row, f'{target} is there already; move it away to fetch {row.name}')
    return target


def _bring(row: Published, target: Path, source: Path | None) -> None:
    # A file at ``target`` is always complete and verified.
    part = target.with_name(f'{target.name}.part')
    if source is not None:
        _verify(source, row, f'{source} is not taken')
        shutil.copyfile(source, part)
    elif row.url is None:
        raise FileNotFoundError(
            f'nobody publishes a direct link to {row.name}.\n{describe_sources(row)}'
        )
    else:
        from .download import DownloadError, download  # with requests, which only this needs

        try:
            download(row.url, part)
        except DownloadError as error:
            raise DownloadError(f'{error}\n{describe_sources(row)}') from error
        try:
            _verify(part, row, f'{row.url} has changed, or the download is damaged')
        except ValueError:
            part.unlink()
            raise
    part.rename(target)


def _verify(path: Path, row: Published, consequence: str) -> None:
    """Check a file by its hash, or by its contents if no hash is known."""
    found = identify(path)
    reason: str | None
    if get_hash(row) and found != row:
        reason = f'not of {get_hash(row)}' + (f', but the released {found.name}' if found else '')
    else:
        try:
            reason = objection(look_into(path), row)
        except CheckpointError as error:
            reason = str(error)
    if reason:
        raise ValueError(
            f'{path} is not {row.name}: {reason}. {consequence}\n{describe_sources(row)}'
        )


def write_safetensors(path: str | Path, name: str) -> Path:
    """Write the tensors of a fetched file to a ``.safetensors`` file in the same folder.

    Args:
        path: the fetched file.
        name: of the release, which the copy names as its source.

    Raises:
        FileExistsError: the copy is there already.
        ImportError: safetensors is not installed.
    """
    row = find(name)
    out = Path(path).with_suffix('.safetensors')
    if out.exists():
        raise FileExistsError(f'{out} is there already; move it away first')
    try:
        from safetensors.torch import save_file
    except ImportError as error:
        raise ImportError('this needs safetensors: pip install safetensors') from error
    tensors = {
        key: value.clone().contiguous() for key, value in unwrap(read_checkpoint(path)).items()
    }
    meta = {'made_from': row.name, 'cfg': f"arch='{row.arch}'"}
    save_file(tensors, out, metadata={'format': 'pt', 'meta': json.dumps(meta)})
    return out
