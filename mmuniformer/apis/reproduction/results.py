"""What has been measured, kept on disk after every step."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from mmengine.config import Config


class Results:
    """Measurements by config and kind; one is used again only while its key is the same.

    Raises:
        ValueError: the file is not one of these.
    """

    def __init__(self, path: Path):
        self.path = path
        self.kept: dict[str, dict[str, dict]] = {}
        if path.exists():
            try:
                self.kept = dict(json.loads(path.read_text(encoding='utf-8')))
            except (ValueError, TypeError) as error:
                raise ValueError(f'{path} cannot be read ({error}); remove it') from error

    def measure(self, config: str, kind: str, key: dict, function: Callable[[], Any]) -> Any:
        """Give the value that was kept under ``key``, or that of ``function``, which is kept."""
        found = self.kept.get(config, {}).get(kind)
        if found is None or found['key'] != key:
            found = {'key': key, 'value': function(), 'when': now()}
            self.kept.setdefault(config, {})[kind] = found
            self.save()
        return found['value']

    def save(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        new = self.path.with_suffix('.new')
        new.write_text(json.dumps(self.kept, indent=1) + '\n', encoding='utf-8')
        os.replace(new, self.path)


def now() -> str:
    return datetime.now(timezone.utc).isoformat(timespec='milliseconds')


def hash_of_config(config: Config) -> str:
    """Hash what a config says, its bases included, not how it is written."""
    text = json.dumps(config.to_dict(), sort_keys=True, default=repr)
    return hashlib.sha256(text.encode()).hexdigest()


def hash_of_files(paths: Iterable[Path]) -> str:
    found = hashlib.sha256()
    for path in sorted(paths):
        found.update(path.read_bytes())
    return found.hexdigest()
