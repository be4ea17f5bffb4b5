"""Configs by path or by name, and what their test pipelines say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from mmengine.config import Config

PACKAGE = Path(__file__).resolve().parents[1]
# Of an installed package, and of a checkout.
CONFIG_FOLDERS = (PACKAGE / '.mim' / 'configs', PACKAGE.parent / 'configs')


def find_config(name: str | Path) -> Path:
    """Find a config file by its path, or by its name among those of this package.

    Example:
        >>> find_config('mask_rcnn_uniformer_s_h14_1x').name
        'mask_rcnn_uniformer_s_h14_1x.py'

    Raises:
        FileNotFoundError: there is no such file and no config of this name.
    """
    if Path(name).is_file():
        return Path(name)
    paths = [path for folder in CONFIG_FOLDERS for path in folder.rglob('*.py')]
    known = {path.stem: path for path in paths if '_base_' not in path.parts}
    stem = str(name).removesuffix('.py')
    if stem in known:
        return known[stem]
    similar = ', '.join(get_close_matches(stem, known, n=3))
    hint = f'similar names: {similar}' if similar else 'mim search mmuniformer lists them'
    raise FileNotFoundError(
        f'there is no config file {name} (seen from {Path.cwd()}), and mmuniformer has no config '
        f'of this name; {hint}'
    )


def load_config(config: str | Path | Config) -> Config:
    """Read a config file, found by its path or name.

    Raises:
        FileNotFoundError: there is no such file and no config of this name.
    """
    return config if isinstance(config, Config) else Config.fromfile(find_config(config))


def get_test_pipeline(config: Mapping) -> list[Mapping]:
    """Return the transforms of the test dataset, inside wrappers of datasets too."""
    dataset = (config.get('test_dataloader') or {}).get('dataset') or {}
    while 'pipeline' not in dataset and 'dataset' in dataset:
        dataset = dataset['dataset']
    return list(dataset.get('pipeline') or config.get('test_pipeline') or [])


def find_setting(config: Mapping, transforms: Sequence[str], key: str) -> Any:
    """Return ``key`` of the last of these transforms in the test pipeline, or None."""
    found = None
    for transform in get_test_pipeline(config):
        if transform['type'] in transforms and key in transform:
            found = transform[key]
    return found
