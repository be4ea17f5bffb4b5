"""Kills its process in the middle of writing a file; a config imports it (``custom_imports``).

``DIE_IN_WRITE=pth:2`` gives the second file that is opened for writing and has ``pth`` in its name
half of its bytes, then comes SIGKILL.
"""

import builtins
import io
import os
import signal
from pathlib import Path
from typing import Any

_open = io.open


class _HalfWritten:
    """A file whose first write is its last, and gets half way."""

    def __init__(self, file: Any) -> None:
        self._file = file

    def write(self, content: Any) -> None:
        self._file.write(content[: len(content) // 2])
        self._file.flush()
        os.kill(os.getpid(), signal.SIGKILL)

    def __enter__(self) -> '_HalfWritten':
        return self

    def __exit__(self, *error: object) -> None:
        self._file.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


def install(pattern: str, number: int) -> None:
    opened = 0

    def open_and_die(file: Any, mode: str = 'r', *args: Any, **options: Any) -> Any:
        nonlocal opened
        handle = _open(file, mode, *args, **options)
        if 'w' in mode and pattern in os.path.basename(str(file)):
            opened += 1
            if opened == number:
                return _HalfWritten(handle)
        return handle

    builtins.open = io.open = Path.open = open_and_die


if os.environ.get('DIE_IN_WRITE'):
    word, count = os.environ['DIE_IN_WRITE'].rsplit(':', 1)
    install(word, int(count))
