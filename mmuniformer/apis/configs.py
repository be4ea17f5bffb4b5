"""Find and load configs by path or name, and read settings of their test pipelines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmengine.registry import DATASETS, DefaultScope

PACKAGE = Path(__file__).resolve().parents[1]
# In an installed package, and in a checkout.
CONFIG_FOLDERS = (PACKAGE / '.mim' / 'configs', PACKAGE.parent / 'configs')


def list_configs() -> dict[str, Path]:
    """Return all configs of this package by name, without base configs."""
    paths = [path for folder in CONFIG_FOLDERS for path in folder.rglob('*.py')]
    return {path.stem: path for path in paths if '_base_' not in path.parts}


def find_config(name: str | Path) -> Path:
    """Find a config file by path, or by name among the configs of this package.

    Example:
        >>> find_config('mask_rcnn_uniformer_s_h14_1x').name
        'mask_rcnn_uniformer_s_h14_1x.py'

    Raises:
        FileNotFoundError: neither a file nor a config with this name exists.
    """
    if Path(name).is_file():
        return Path(name)
    known = list_configs()
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
    """Load a config by path or name.

    Raises:
        FileNotFoundError: neither a file nor a config with this name exists.
    """
    return config if isinstance(config, Config) else Config.fromfile(find_config(config))


def get_test_pipeline(config: Mapping) -> list[Mapping]:
    """Return the transforms of the test dataset, also if it is inside wrappers."""
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


def find_dataset_meta(config: Mapping) -> dict[str, Any]:
    """Return ``classes`` and ``palette`` of the test dataset, if it has them."""
    dataset = (config.get('test_dataloader') or config.get('val_dataloader') or {}).get('dataset')
    dataset = dataset or {}
    while 'dataset' in dataset:  # wrappers
        dataset = dataset['dataset']
    with DefaultScope.overwrite_default_scope(config.get('default_scope')):
        cls = DATASETS.get(dataset['type']) if 'type' in dataset else None
    meta = {**getattr(cls, 'METAINFO', {}), **dataset.get('metainfo', {})}
    return {key: value for key, value in meta.items() if key in ('classes', 'palette')}
