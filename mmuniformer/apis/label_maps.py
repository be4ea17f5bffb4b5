"""Make label maps for token labelling, with any classifier of mmpretrain as the annotator.

    python tools/make_label_maps.py data/imagenet/train data/imagenet/label_maps \\
        --model swin-large_in21k-pre-3rdparty_in1k-384
    python tools/make_label_maps.py PICTURES MAPS --model CONFIG.py --checkpoint CHECKPOINT.pth

PICTURES holds a folder per class. For CLASS/NAME.jpg the map is MAPS/CLASS/NAME.pt, a tensor
(2, k, H, W): the k largest logits at each cell of the classifier's last map, and their classes. The
picture is resized to a square, whole. Maps that are there are kept: after an interruption the same
command goes on, and leaves the same files.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import mmcv
import torch
from mmengine.config import Config, DictAction
from mmengine.runner import load_checkpoint
from mmpretrain import get_model
from mmpretrain.apis import ModelHub
from rich.progress import Progress
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

import mmuniformer  # noqa: F401  a config may name our models
from mmuniformer.token_labeling import UniFormerClsHead
from mmuniformer.token_labeling.label_maps import label_map_path, top_classes, write_label_map

SUFFIXES = ('.jpeg', '.jpg', '.png', '.bmp', '.ppm', '.tif', '.tiff', '.webp')
SETTINGS = 'label_maps.json'  # beside the maps: what they were made with


def parse_args(argv: Sequence[str] | None) -> tuple[argparse.ArgumentParser, argparse.Namespace]:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('pictures', type=Path, help='folder with a folder of pictures per class')
    parser.add_argument('out', type=Path, help='folder to write maps to, a folder per class')
    parser.add_argument('--model', required=True, help="name in mmpretrain's model zoo, or config")
    parser.add_argument('--checkpoint', help="weights; left out: the zoo's")
    parser.add_argument(
        '--model-options',
        nargs='+',
        action=DictAction,
        default={},
        metavar='KEY=VALUE',
        help='settings of the model to override, such as backbone.gap_before_final_norm=False',
    )
    parser.add_argument('--size', type=positive, default=576, help='side in pixels; default 576')
    parser.add_argument('--top-k', type=positive, default=5, help='classes per cell; default 5')
    parser.add_argument('--batch-size', type=positive, default=16, help='default 16')
    parser.add_argument('--workers', type=int, default=4, help='processes that read; default 4')
    parser.add_argument('--device', help='such as cuda:1 or cpu; left out: a GPU if there is one')
    return parser, parser.parse_args(argv)


def positive(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f'{text!r} is not a whole number above 0')
    return int(text)


class Pictures(Dataset):
    """Whole pictures, resized to squares: uint8 BGR ``(3, side, side)``."""

    def __init__(self, paths: Sequence[Path], side: int):
        self.paths = paths
        self.side = side

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: int) -> Tensor:
        picture = mmcv.imread(self.paths[index])
        if picture is None:
            raise ValueError(f'{self.paths[index]} cannot be read as a picture; remove it')
        size = (self.side, self.side)
        picture = mmcv.imresize(picture, size, interpolation='bicubic', backend='pillow')
        return torch.from_numpy(picture).permute(2, 0, 1).contiguous()


def find_pictures(parser: argparse.ArgumentParser, folder: Path) -> list[Path]:
    found = sorted(path for path in folder.glob('*/*') if path.suffix.lower() in SUFFIXES)
    if not found:
        parser.error(f'{folder} has no folders with pictures in them ({", ".join(SUFFIXES)})')
    first: dict[Path, Path] = {}
    for path in found:
        other = first.setdefault(label_map_path('', path), path)
        if other is not path:
            parser.error(
                f'{other} and {path} would have the same map: names are the same up to their first '
                'dot; rename one'
            )
    return found


def load_annotator(parser: argparse.ArgumentParser, args: argparse.Namespace) -> nn.Module:
    if args.model.endswith('.py'):
        if not Path(args.model).is_file():
            parser.error(f'there is no config file {args.model} (seen from {Path.cwd()})')
        config, checkpoint = Config.fromfile(args.model), args.checkpoint
    else:
        try:
            entry = ModelHub.get(args.model)
        except ValueError as error:
            parser.error(f'--model {args.model} is no .py file and no model of the zoo: {error}')
        config, checkpoint = entry.config, args.checkpoint or entry.weights
    if checkpoint is None:
        parser.error(f'{args.model} comes without weights; give --checkpoint')
    config.merge_from_dict({f'model.{key}': value for key, value in args.model_options.items()})
    model = get_model(config)
    try:
        load_checkpoint(model, checkpoint, map_location='cpu', strict=True)
    except (OSError, RuntimeError) as error:
        parser.error(f'{checkpoint} cannot be loaded into {args.model}: {error}')
    return model.to(args.device or ('cuda' if torch.cuda.is_available() else 'cpu'))


def check_settings(parser: argparse.ArgumentParser, args: argparse.Namespace) -> None:
    """Keep maps of different annotators apart: the folder remembers what its maps came from."""
    names = ('model', 'checkpoint', 'model_options', 'size', 'top_k')
    wanted = json.loads(json.dumps({name: getattr(args, name) for name in names}))
    path = args.out / SETTINGS
    if path.is_file() and any(args.out.glob('*/*.pt')):
        found = json.loads(path.read_text())
        if different := [name for name in names if found.get(name) != wanted[name]]:
            name = different[0]
            parser.error(
                f'{args.out} holds maps made with {name} {found.get(name)!r}, not '
                f'{wanted[name]!r}; name another folder, or delete this one'
            )
    elif args.out.exists() and any(entry != path for entry in args.out.iterdir()):
        parser.error(
            f'{args.out} holds files that this tool did not write; name an empty or a new folder'
        )
    args.out.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(wanted, indent=1) + '\n')


@torch.no_grad()
def cell_logits(model: nn.Module, pictures: Tensor) -> Tensor:
    """Logits ``(B, K, H, W)`` of every cell of the last map, as if it were a picture's only one.

    Behind an average over cells and a linear layer they average to the picture's logits.

    Raises:
        ValueError: the backbone's output is no map.
    """
    inputs = model.data_preprocessor({'inputs': pictures})['inputs']
    feats = model.extract_feat(inputs, stage='backbone')
    maps = feats if isinstance(feats, Tensor) else feats[-1]
    if not isinstance(maps, Tensor) or maps.ndim != 4:
        raise ValueError(
            f'{type(model.backbone).__name__} gives no map (B, C, H, W) to label cells of; '
            'some can with --model-options: backbone.gap_before_final_norm=False (ConvNeXt), '
            'backbone.out_type=featmap (ViT)'
        )
    B, C, H, W = maps.shape
    cells = maps.permute(0, 2, 3, 1).reshape(-1, C)
    if model.with_neck or isinstance(model.head, UniFormerClsHead):  # they pool maps
        cells = cells[:, :, None, None]
    cells = model.neck((cells,)) if model.with_neck else (cells,)
    return model.head(cells).reshape(B, H, W, -1).permute(0, 3, 1, 2)


def annotate(model: nn.Module, paths: Sequence[Path], args: argparse.Namespace) -> int:
    """Write the maps that are missing, and return how many."""
    # The same pictures go together whatever is there already: with other neighbours in a batch the
    # logits of a picture differ in their last bits.
    starts = range(0, len(paths), args.batch_size)
    batches = [range(start, min(start + args.batch_size, len(paths))) for start in starts]
    targets = [label_map_path(args.out, path) for path in paths]
    todo = [batch for batch in batches if not all(targets[index].exists() for index in batch)]
    loader = DataLoader(
        Pictures(paths, args.size), batch_sampler=todo, num_workers=args.workers, pin_memory=False
    )
    written = 0
    with Progress(disable=not sys.stderr.isatty()) as progress:
        done = len(paths) - sum(map(len, todo))
        bar = progress.add_task('Label maps', total=len(paths), completed=done)
        for batch, pictures in zip(todo, loader, strict=True):
            maps = top_classes(cell_logits(model, pictures), args.top_k).cpu()
            for index, label_map in zip(batch, maps, strict=True):
                if not targets[index].exists():
                    write_label_map(targets[index], label_map)
                    written += 1
            progress.advance(bar, len(batch))
    return written


def main(argv: Sequence[str] | None = None) -> None:
    parser, args = parse_args(argv)
    paths = find_pictures(parser, args.pictures)
    model = load_annotator(parser, args)
    check_settings(parser, args)
    try:
        written = annotate(model, paths, args)
    except ValueError as error:
        parser.error(str(error))
    print(f'{args.out}: {len(paths)} label maps, {written} of them new')


if __name__ == '__main__':
    main()
