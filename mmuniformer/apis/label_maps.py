"""Make label maps for token labeling with any classifier of mmpretrain."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config
from mmengine.model import BaseModel
from mmengine.runner import load_checkpoint
from rich.progress import Progress
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from ..token_labeling.label_maps import label_map_path, top_classes, write_label_map
from .configs import find_config

SUFFIXES = ('.jpeg', '.jpg', '.png', '.bmp', '.ppm', '.tif', '.tiff', '.webp')
SETTINGS = 'label_maps.json'  # records in the output folder how the maps were made


def make_label_maps(
    images: str | Path,
    out: str | Path,
    model: str,
    *,
    checkpoint: str | None = None,
    model_options: Mapping[str, Any] | None = None,
    size: int = 576,
    top_k: int = 5,
    batch_size: int = 16,
    workers: int = 4,
    device: str | None = None,
) -> tuple[int, int]:
    """Write the missing label maps of a folder of images.

    The map of ``CLASS/NAME.jpg`` is ``CLASS/NAME.pt`` in ``out``, a tensor ``(2, k, H, W)``: the k
    largest logits at each cell of the classifier's last feature map, and their classes. The whole
    image is resized to a square. Existing maps are kept.

    Args:
        images: folder with a subfolder per class.
        out: output folder.
        model: name of a model of mmpretrain, or a config.
        checkpoint: weights. Default: those that mmpretrain publishes for ``model``.
        model_options: settings of the model to override, by dotted keys.
        size: side of the square, in pixels.
        top_k: classes per cell.
        workers: number of processes that read images.
        device: such as ``'cuda:1'``. Default: a GPU if available.

    Returns:
        The number of images and the number of maps written.

    Raises:
        FileNotFoundError: the config does not exist.
        ValueError: there are no images, ``out`` has other files or maps of another model, the
            checkpoint does not match the model, or the model has no feature map.
    """
    options = dict(model_options or {})
    settings = dict(
        model=model, checkpoint=checkpoint, model_options=options, size=size, top_k=top_k
    )
    for name, value in (('size', size), ('top_k', top_k), ('batch_size', batch_size)):
        if value < 1:
            raise ValueError(f'{name} is {value}; it must be at least 1')
    paths = find_images(Path(images))
    annotator = load_annotator(model, checkpoint, options, device)
    check_settings(Path(out), settings)
    written = annotate(annotator, paths, Path(out), size, top_k, batch_size, workers)
    return len(paths), written


class SquareImages(Dataset):
    """Images resized to squares: uint8 BGR ``(3, side, side)``."""

    def __init__(self, paths: Sequence[Path], side: int):
        self.paths = paths
        self.side = side

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: int) -> Tensor:
        import mmcv

        image = mmcv.imread(self.paths[index])
        if image is None:
            raise ValueError(f'{self.paths[index]} cannot be read as an image; remove it')
        size = (self.side, self.side)
        image = mmcv.imresize(image, size, interpolation='bicubic', backend='pillow')
        return torch.from_numpy(image).permute(2, 0, 1).contiguous()


def find_images(folder: Path) -> list[Path]:
    found = sorted(path for path in folder.glob('*/*') if path.suffix.lower() in SUFFIXES)
    if not found:
        raise ValueError(f'{folder} has no folders with images in them ({", ".join(SUFFIXES)})')
    first: dict[Path, Path] = {}
    for path in found:
        other = first.setdefault(label_map_path('', path), path)
        if other is not path:
            raise ValueError(
                f'{other} and {path} would have the same map: names are the same up to their first '
                'dot; rename one'
            )
    return found


def load_annotator(
    model: str, checkpoint: str | None, options: Mapping[str, Any], device: str | None
) -> BaseModel:
    from mmpretrain import get_model

    config, weights = find_classifier(model)
    checkpoint = checkpoint or weights
    if checkpoint is None:
        raise ValueError(f'{model} comes without weights; give a checkpoint')
    config.merge_from_dict({f'model.{key}': value for key, value in options.items()})
    net = get_model(config)
    try:
        load_checkpoint(net, checkpoint, map_location='cpu', strict=True)
    except (OSError, RuntimeError) as error:
        raise ValueError(f'{checkpoint} cannot be loaded into {model}: {error}') from error
    return net.to(device or ('cuda' if torch.cuda.is_available() else 'cpu'))


def find_classifier(model: str) -> tuple[Config, str | None]:
    """Return the config of a model and its published weights, or None."""
    from mmpretrain.apis import ModelHub

    try:
        return Config.fromfile(find_config(model)), None
    except FileNotFoundError:
        if model.endswith('.py'):
            raise
    try:
        entry = ModelHub.get(model)
    except ValueError as error:
        raise ValueError(f'{model} is no config and no model of mmpretrain: {error}') from error
    return entry.config, entry.weights


def check_settings(out: Path, settings: Mapping[str, Any]) -> None:
    """Check that existing maps were made with the same settings, and record the settings."""
    wanted = json.loads(json.dumps(settings))
    path = out / SETTINGS
    if path.is_file() and any(out.glob('*/*.pt')):
        found = json.loads(path.read_text())
        if different := [name for name in wanted if found.get(name) != wanted[name]]:
            name = different[0]
            raise ValueError(
                f'{out} holds maps made with {name} {found.get(name)!r}, not {wanted[name]!r}; '
                'name another folder, or delete this one'
            )
    elif out.exists() and any(entry != path for entry in out.iterdir()):
        raise ValueError(
            f'{out} holds files that this command did not write; name an empty or a new folder'
        )
    out.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(wanted, indent=1) + '\n')


@torch.no_grad()
def cell_logits(model: BaseModel, images: Tensor) -> Tensor:
    """Return the logits ``(B, K, H, W)`` of each cell of the last feature map by itself.

    With global average pooling and a linear layer, their mean is the logits of the image.

    Raises:
        ValueError: the output of the backbone is not a map.
    """
    from ..token_labeling import UniFormerClsHead

    inputs = model.data_preprocessor({'inputs': images})['inputs']
    feats = model.extract_feat(inputs, stage='backbone')
    maps = feats if isinstance(feats, Tensor) else feats[-1]
    if not isinstance(maps, Tensor) or maps.ndim != 4:
        raise ValueError(
            f'{type(model.backbone).__name__} gives no map (B, C, H, W) with cells to label; '
            'some can with --model-options: backbone.gap_before_final_norm=False (ConvNeXt), '
            'backbone.out_type=featmap (ViT)'
        )
    B, C, H, W = maps.shape
    cells = maps.permute(0, 2, 3, 1).reshape(-1, C)
    if model.with_neck or isinstance(model.head, UniFormerClsHead):  # they pool maps
        cells = cells[:, :, None, None]
    features = model.neck((cells,)) if model.with_neck else (cells,)
    return model.head(features).reshape(B, H, W, -1).permute(0, 3, 1, 2)


def annotate(
    model: BaseModel,
    paths: Sequence[Path],
    out: Path,
    size: int,
    top_k: int,
    batch_size: int,
    workers: int,
) -> int:
    """Write the maps that are missing, and return how many."""
    # Batches do not depend on which maps exist: the logits of an image differ in their last bits
    # with other images in the batch.
    starts = range(0, len(paths), batch_size)
    batches = [[*range(start, min(start + batch_size, len(paths)))] for start in starts]
    targets = [label_map_path(out, path) for path in paths]
    todo = [batch for batch in batches if not all(targets[index].exists() for index in batch)]
    loader = DataLoader(
        SquareImages(paths, size), batch_sampler=todo, num_workers=workers, pin_memory=False
    )
    written = 0
    with Progress(disable=not sys.stderr.isatty()) as progress:
        done = len(paths) - sum(map(len, todo))
        bar = progress.add_task('Label maps', total=len(paths), completed=done)
        for batch, images in zip(todo, loader, strict=True):
            maps = top_classes(cell_logits(model, images), top_k).cpu()
            for index, label_map in zip(batch, maps, strict=True):
                if not targets[index].exists():
                    write_label_map(targets[index], label_map)
                    written += 1
            progress.advance(bar, len(batch))
    return written
