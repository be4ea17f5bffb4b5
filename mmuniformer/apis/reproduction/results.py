"""Measurements, saved to disk after each one."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from mmengine.config import Config

from ..configs import PACKAGE


class Results:
    """Measurements by config and quantity; they are reused as long as their key is the same.

    Raises:
        ValueError: the file has another format.
    """

    def __init__(self, path: Path):
        self.path = path
        self.saved: dict[str, dict[str, dict]] = {}
        if path.exists():
            try:
                self.saved = dict(json.loads(path.read_text(encoding='utf-8')))
            except (ValueError, TypeError) as error:
                raise ValueError(f'{path} cannot be read ({error}); remove it') from error

    def measure(self, config: str, quantity: str, key: dict, function: Callable[[], Any]) -> Any:
        """Return the value saved under ``key``, or call ``function`` and save its value."""
        found = self.saved.get(config, {}).get(quantity)
        if found is None or found['key'] != key:
            now = datetime.now(timezone.utc).isoformat(timespec='milliseconds')
            found = {'key': key, 'value': function(), 'when': now}
            self.saved.setdefault(config, {})[quantity] = found
            self.save()
        return found['value']

    def save(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        new = self.path.with_suffix('.new')
        new.write_text(json.dumps(self.saved, indent=1) + '\n', encoding='utf-8')
        os.replace(new, self.path)


def hash_of_config(config: Config) -> str:
    """Hash the resolved settings of a config, including its bases."""
    text = json.dumps(config.to_dict(), sort_keys=True, default=repr)
    return hashlib.sha256(text.encode()).hexdigest()


def hash_of_code() -> str:
    """Hash the code that parameters and FLOPs depend on, except the toolboxes."""
    found = hashlib.sha256()
    for path in sorted(PACKAGE.rglob('*.py')):
        found.update(path.read_bytes())
    return found.hexdigest()
