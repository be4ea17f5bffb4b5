"""Check the files that a config names: data folders, annotation files and checkpoints."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .process import run_python

SECTIONS = tuple(
    f'{phase}_{what}' for phase in ('train', 'val', 'test') for what in ('dataloader', 'evaluator')
)
# Annotation files up to this size are parsed; for larger ones only both ends are checked.
PARSED_BYTES = 100_000_000

READ_CONFIG = """
import json, sys
from mmuniformer.apis.configs import load_config
print(json.dumps(load_config(sys.argv[1]).to_dict(), default=str))
"""
# mmuniformer allows torch to load objects in mmengine's training checkpoints.
READ_CHECKPOINT = """
import sys, torch, mmuniformer
try:
    torch.load(sys.argv[1], map_location='cpu', weights_only=True)
except Exception as error:
    sys.exit(str(error).splitlines()[0])
"""

COCO_TREE = """COCO 2017: download train2017.zip, val2017.zip and annotations_trainval2017.zip from
    https://cocodataset.org/#download and unpack them so that this tree results:
      data/coco/annotations/{instances,person_keypoints}_{train,val}2017.json
      data/coco/train2017/*.jpg
      data/coco/val2017/*.jpg"""
ADE_TREE = """ADE20K: download ADEChallengeData2016.zip from
    https://groups.csail.mit.edu/vision/datasets/ADE20K and unpack it so that this tree results:
      data/ade/ADEChallengeData2016/images/{training,validation}/*.jpg
      data/ade/ADEChallengeData2016/annotations/{training,validation}/*.png"""
IMAGENET_TREE = """ImageNet-1K: register at https://image-net.org and unpack the archives into
      data/imagenet/{train,val}/CLASS/*.JPEG"""
PLACES = {'coco': COCO_TREE, 'ade': ADE_TREE, 'imagenet': IMAGENET_TREE}


def walk(node: Any, name: str = '') -> Iterator[tuple[str, dict]]:
    """Yield every dict in a config with its dotted name."""
    if isinstance(node, dict):
        yield name, node
        for key, value in node.items():
            yield from walk(value, f'{name}.{key}' if name else str(key))
    elif isinstance(node, list | tuple):
        for index, value in enumerate(node):
            yield from walk(value, f'{name}[{index}]')


def is_remote(path: str) -> bool:
    return '://' in path


def data_paths(cfg: dict) -> dict[str, str]:
    """Return path → setting with this path, folders of a data set before its files."""
    found: dict[str, str] = {}
    for section in SECTIONS:
        for name, node in walk(cfg.get(section), section):
            root = node.get('data_root') or ''
            if root:
                found.setdefault(root, f'{name}.data_root')
            prefix = node.get('data_prefix') or {}
            pieces = {'data_prefix': prefix} if isinstance(prefix, str) else dict(prefix)
            pieces['ann_file'] = node.get('ann_file')
            for key, piece in pieces.items():
                if isinstance(piece, str) and piece:
                    found.setdefault(os.path.join(root, piece), f'{name}.{key}')
            if detections := node.get('bbox_file'):  # not relative to data_root in mmpose
                found.setdefault(detections, f'{name}.bbox_file')
    return {path: name for path, name in found.items() if not is_remote(path)}


def checkpoint_paths(cfg: dict) -> dict[str, str]:
    found = {}
    if cfg.get('load_from'):
        found[cfg['load_from']] = 'load_from'
    for name, node in walk(cfg.get('model'), 'model'):
        for key in ('checkpoint', 'pretrained'):
            value = node.get(key)
            # Without a suffix, it is the name of released weights.
            if isinstance(value, str) and Path(value).suffix:
                found.setdefault(value, f'{name}.{key}')
    return found


def fault_of_data(path: Path) -> str | None:
    """Return what is wrong with a data folder or annotation file, or None."""
    if not path.exists():
        return 'does not exist'
    try:
        if path.is_dir():
            return None if any(path.iterdir()) else 'is an empty folder'
        if path.stat().st_size == 0:
            return 'is empty'
        if path.suffix == '.json':
            return fault_of_json(path)
        with path.open('rb') as file:
            file.read(1)
    except OSError as error:
        return f'cannot be read: {error.strerror}'
    return None


def fault_of_json(path: Path) -> str | None:
    try:
        if path.stat().st_size <= PARSED_BYTES:
            json.loads(path.read_bytes())
            return None
    except ValueError as error:
        return f'is not valid JSON, perhaps cut short: {error}'
    with path.open('rb') as file:
        start = file.read(64).lstrip()[:1]
        file.seek(-64, os.SEEK_END)
        end = file.read().rstrip()[-1:]
    return None if (start, end) in ((b'{', b'}'), (b'[', b']')) else 'is cut short'


def fault_of_checkpoint(path: Path) -> str | None:
    if not path.exists():
        return 'does not exist'
    ok, output = run_python(READ_CHECKPOINT, str(path))
    return None if ok else f'cannot be read: {output.splitlines()[-1]}'


def find_hub_folder() -> Path:
    """Return the folder of torch.hub, by the same rules as torch."""
    cache = os.environ.get('XDG_CACHE_HOME', '~/.cache')
    return Path(os.environ.get('TORCH_HOME', f'{cache}/torch')).expanduser() / 'hub'


def hint_for_data(path: str) -> str:
    parts = Path(path).parts
    if 'mini' in parts[:-1]:
        at = parts.index('mini')
        name, folder = parts[at + 1], Path(*parts[: at + 2])
        return f'mmuniformer make-mini-data {name} --out {folder}'
    for word, tree in PLACES.items():
        if any(word in part.lower() for part in parts):
            return tree
    return 'Put the data there, or name another folder: --cfg-options SETTING=PATH'


def report(name: str, path: str, fault: str | None, hint: str) -> int:
    print(f'  {"ok     " if fault is None else "MISSING"}  {name} = {path}')
    if fault is None:
        return 0
    print(f'    {path} {fault}\n    {hint}')
    return 1


def check_data(cfg: dict) -> int:
    missing = 0
    lost_folders: list[Path] = []
    for path, name in data_paths(cfg).items():
        # One line for a data set that is missing completely.
        if any(folder in Path(path).parents for folder in lost_folders):
            continue
        fault = fault_of_data(Path(path))
        if fault and name.endswith('.data_root'):
            lost_folders.append(Path(path))
        missing += report(name, path, fault, hint_for_data(path))
    return missing


def check_checkpoints(cfg: dict) -> int:
    missing = 0
    for path, name in checkpoint_paths(cfg).items():
        if not is_remote(path):
            hint = 'Put the file there, or name another: --cfg-options SETTING=PATH'
            missing += report(name, path, fault_of_checkpoint(Path(path)), hint)
            continue
        kept = find_hub_folder() / 'checkpoints' / Path(path).name
        if kept.exists():
            missing += report(name, path, fault_of_checkpoint(kept), f'Remove {kept}')
        else:
            print(f'  later    {name} = {path}')
            print(f'    is downloaded on first use; without a network, put the file at {kept}')
    return missing


def check_config(config: str) -> int:
    """Print the files that a config needs and whether they exist; return the exit status."""
    print(f'\nFiles that {config} names, seen from {Path.cwd()}:')
    ok, output = run_python(READ_CONFIG, config)
    last = output.splitlines()[-1]
    if not ok:
        print(f'  MISSING  {config} cannot be read: {last}')
        return 1
    return check_files(json.loads(last))


def check_files(cfg: dict) -> int:
    missing = check_data(cfg) + check_checkpoints(cfg)
    print(f'  {missing} missing' if missing else '  Nothing is missing.')
    return 1 if missing else 0
