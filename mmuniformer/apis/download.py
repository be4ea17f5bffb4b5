"""Resumable downloads over HTTP."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import requests
from rich.console import Console
from rich.progress import DownloadColumn, Progress, TimeRemainingColumn, TransferSpeedColumn

TIMEOUT = 30  # seconds without data
TRIES = 4  # consecutive attempts without new data
BLOCK = 1 << 14  # bytes; a partly received block is lost if the connection breaks


class DownloadError(OSError):
    """The download failed; what was received stays in the ``.part`` file."""


def download(url: str, part: Path) -> None:
    """Download ``url`` to ``part``, resuming after the bytes that ``part`` has.

    If the connection breaks, the rest is requested again. If the server does not support ranges,
    the download starts over.

    Raises:
        DownloadError: the server refuses, cannot be reached, or the connection broke too often.
    """
    columns = (*Progress.get_default_columns()[:2], DownloadColumn(), TransferSpeedColumn())
    console = Console(stderr=True)
    hidden = not sys.stderr.isatty()
    with Progress(*columns, TimeRemainingColumn(), console=console, disable=hidden) as progress:
        bar = progress.add_task(part.with_suffix('').name, total=None)
        tries = 0
        while tries < TRIES:
            before = size_of(part)
            try:
                _download_rest(url, part, lambda **news: progress.update(bar, **news))
                return
            except requests.HTTPError as error:
                response = error.response
                answer = f'{response.status_code} {response.reason}'
                raise DownloadError(f'{url} answers {answer}') from error
            except requests.ConnectionError as error:
                if not part.exists():
                    raise DownloadError(f'{url} cannot be reached ({_cause(error)})') from error
                reason = _cause(error)
            except (requests.RequestException, OSError) as error:
                reason = _cause(error)
            tries = 1 if size_of(part) > before else tries + 1
            print(f'broke off at byte {size_of(part)} ({reason}), trying again', file=sys.stderr)
    raise DownloadError(
        f'{url} broke off {TRIES} times at byte {size_of(part)} ({reason}); what has come is kept '
        f'in {part}, the same command goes on from there'
    )


def size_of(part: Path) -> int:
    return part.stat().st_size if part.exists() else 0


def _download_rest(url: str, part: Path, tell: Callable[..., None]) -> None:
    have = size_of(part)
    # With compression, byte N of the response would not be byte N of the file.
    headers = {'Accept-Encoding': 'identity', **({'Range': f'bytes={have}-'} if have else {})}
    with requests.get(url, headers=headers, stream=True, timeout=TIMEOUT) as response:
        if response.status_code == requests.codes.requested_range_not_satisfiable:
            if response.headers.get('Content-Range') == f'bytes */{have}':
                return  # complete
            part.unlink()
            raise requests.RequestException('the file there is shorter than what is here')
        response.raise_for_status()
        if not response.headers.get('Content-Range', '').startswith(f'bytes {have}-'):
            have = 0
        length = response.headers.get('Content-Length')
        tell(completed=have, total=have + int(length) if length else None)
        with part.open('ab' if have else 'wb') as file:
            for block in response.iter_content(BLOCK):
                file.write(block)
                tell(advance=len(block))


def _cause(error: BaseException) -> str:
    """Return the message of the innermost exception; outer ones repeat it."""
    while (inner := error.__cause__ or error.__context__) is not None:
        error = inner
    return str(error) or type(error).__name__
