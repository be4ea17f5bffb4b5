"""Draw what a model finds in pictures.

    python tools/demo.py det CONFIG CHECKPOINT pictures/ 'more/*.jpg' --out-dir out

leaves in OUT-DIR for every input NAME.png, with boxes and masks, and NAME.json, with classes,
scores, boxes and run-length masks; and overview.png, the first pictures side by side.
"""

import argparse
import glob
import json
import sys
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
from mmengine.config import Config
from numpy import ndarray
from rich.progress import track

SUFFIXES = ('.jpg', '.jpeg', '.png', '.bmp', '.webp', '.tif', '.tiff')
GOLDEN = 0.61803  # turn of the colour wheel that keeps any number of colours apart
DRAWN_SIDE = 640  # smaller pictures are enlarged to it, so that lines and letters stay thin
TILE, MARGIN = 360, 12

# What a predictor returns for a picture: classes, scores, boxes, masks as run lengths.
Found = dict
Predictor = Callable[[Path], Found]


def find_inputs(parser: argparse.ArgumentParser, inputs: Sequence[str]) -> list[Path]:
    """Expand folders and patterns; every argument has to lead to a picture."""
    paths: list[Path] = []
    for text in inputs:
        path = Path(text)
        if path.is_dir():
            found = [item for item in path.iterdir() if item.suffix.lower() in SUFFIXES]
            if not found:
                parser.error(f'the folder {text} holds no pictures ({", ".join(SUFFIXES)})')
        elif path.is_file():
            found = [path]
        else:
            found = [Path(item) for item in glob.glob(text, recursive=True) if Path(item).is_file()]
            if not found:
                parser.error(f'{text} is no picture, no folder, and no pattern that matches a file')
        paths += sorted(found)
    return list(dict.fromkeys(paths))


def read_picture(path: Path) -> ndarray | None:
    """Read as BGR, ``None`` if this is no picture."""
    data = np.fromfile(path, np.uint8)
    return cv2.imdecode(data, cv2.IMREAD_COLOR) if data.size else None


def make_detector(config: Path, checkpoint: Path, device: str, score: float) -> Predictor:
    from mmdet.apis import DetInferencer

    # mmdet's inferencer sets the default scope itself, so that several may live in one process.
    inferencer = DetInferencer(str(config), str(checkpoint), device=device, show_progress=False)
    classes = inferencer.model.dataset_meta['classes']

    def predict(path: Path) -> Found:
        # Given as an array, so that the picture is decoded once and in one way only.
        result = inferencer(read_picture(path))['predictions'][0]
        keep = [index for index, value in enumerate(result['scores']) if value >= score]
        return {
            'classes': [classes[result['labels'][index]] for index in keep],
            'labels': [result['labels'][index] for index in keep],
            'scores': [round(result['scores'][index], 4) for index in keep],
            'boxes': [[round(x, 2) for x in result['bboxes'][index]] for index in keep],
            'masks': [result['masks'][index] for index in keep] if 'masks' in result else None,
        }

    return predict


def colour_of(label: int) -> tuple[int, int, int]:
    hue = np.uint8([[[round(label * GOLDEN * 180) % 180, 190, 255]]])
    return tuple(int(value) for value in cv2.cvtColor(hue, cv2.COLOR_HSV2BGR)[0, 0])


def decode_masks(masks: list[dict]) -> list[ndarray]:
    from pycocotools import mask as mask_utils

    return [mask_utils.decode(mask) for mask in masks]


def draw_instances(picture: ndarray, found: Found) -> ndarray:
    """Masks as tint and outline, boxes as frames, classes and scores on tags; the best on top."""
    scale = max(1.0, DRAWN_SIDE / max(picture.shape[:2]))
    size = (round(picture.shape[1] * scale), round(picture.shape[0] * scale))
    canvas = cv2.resize(picture, size, interpolation=cv2.INTER_CUBIC)
    order = np.argsort(found['scores'])
    colours = [colour_of(label) for label in found['labels']]
    if found['masks']:
        masks = decode_masks(found['masks'])
        for index in order:
            draw_mask(canvas, masks[index], colours[index])
    boxes = [[round(value * scale) for value in box] for box in found['boxes']]
    for index in order:
        left, top, right, bottom = boxes[index]
        cv2.rectangle(canvas, (left, top), (right, bottom), colours[index], 2, cv2.LINE_AA)
    for index in order:
        text = f'{found["classes"][index]} {found["scores"][index]:.2f}'
        draw_tag(canvas, text, boxes[index][:2], colours[index])
    return canvas


def draw_mask(canvas: ndarray, mask: ndarray, colour: tuple[int, int, int]) -> None:
    # Enlarged and smoothed: the outline of a small mask would be a staircase.
    soft = cv2.resize(mask.astype(np.float32), canvas.shape[1::-1], interpolation=cv2.INTER_LINEAR)
    if (scale := canvas.shape[0] / mask.shape[0]) > 1:
        soft = cv2.GaussianBlur(soft, (0, 0), 0.8 * scale)
    inside = soft >= 0.5
    canvas[inside] = (0.55 * canvas[inside] + 0.45 * np.array(colour)).astype(np.uint8)
    outlines, _ = cv2.findContours(inside.astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    cv2.drawContours(canvas, outlines, -1, (255, 255, 255), 3, cv2.LINE_AA)
    cv2.drawContours(canvas, outlines, -1, colour, 1, cv2.LINE_AA)


def draw_tag(
    canvas: ndarray, text: str, corner: Sequence[int], colour: tuple[int, int, int]
) -> None:
    font, size = cv2.FONT_HERSHEY_SIMPLEX, 0.5
    (width, height), _ = cv2.getTextSize(text, font, size, 1)
    left = int(np.clip(corner[0] - 1, 0, max(canvas.shape[1] - width - 8, 0)))
    top = max(corner[1] - height - 9, 0)
    cv2.rectangle(canvas, (left, top), (left + width + 8, top + height + 9), colour, -1)
    cv2.putText(
        canvas, text, (left + 4, top + height + 4), font, size, (20, 20, 20), 1, cv2.LINE_AA
    )


def make_overview(pictures: Sequence[ndarray]) -> ndarray:
    """Pictures in rows of at most four, each fitted into a square on a white sheet."""
    columns = min(len(pictures), 4)
    rows = -(-len(pictures) // columns)
    step = TILE + MARGIN
    sheet = np.full((rows * step + MARGIN, columns * step + MARGIN, 3), 255, np.uint8)
    for number, picture in enumerate(pictures):
        scale = TILE / max(picture.shape[:2])
        height, width = (max(round(side * scale), 1) for side in picture.shape[:2])
        small = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)
        top = MARGIN + (number // columns) * step + (TILE - height) // 2
        left = MARGIN + (number % columns) * step + (TILE - width) // 2
        sheet[top : top + height, left : left + width] = small
    return sheet


def output_names(paths: Sequence[Path]) -> list[str]:
    """Name every output after its input; inputs of the same name get a number."""
    names: list[str] = []
    taken = {'overview'}
    for path in paths:
        name, number = path.stem, 2
        while name in taken:
            name, number = f'{path.stem}_{number}', number + 1
        taken.add(name)
        names.append(name)
    return names


def write_picture(path: Path, picture: ndarray) -> None:
    _, data = cv2.imencode('.png', picture)
    path.write_bytes(data.tobytes())


def run(predict: Predictor, paths: Sequence[Path], out_dir: Path, grid: int) -> None:
    out_dir.mkdir(parents=True, exist_ok=True)
    shown: list[ndarray] = []
    objects = 0
    progress = track(
        list(zip(paths, output_names(paths), strict=True)),
        'Predicting',
        disable=not sys.stderr.isatty(),
    )
    for path, name in progress:
        picture = read_picture(path)
        found = predict(path)
        drawn = draw_instances(picture, found)
        write_picture(out_dir / f'{name}.png', drawn)
        (out_dir / f'{name}.json').write_text(json.dumps({'input': str(path), **found}) + '\n')
        objects += len(found['labels'])
        if len(shown) < grid:
            shown.append(drawn)
    print(f'{objects} objects in {len(paths)} pictures, drawn into {out_dir}')
    if shown:
        write_picture(out_dir / 'overview.png', make_overview(shown))
        print(out_dir / 'overview.png')


def share(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f'{text} is not between 0 and 1')
    return value


def count(text: str) -> int:
    if not text.isdigit():
        raise argparse.ArgumentTypeError(f'{text!r} is not a whole number from 0 up')
    return int(text)


def parse_args(
    argv: Sequence[str] | None = None,
) -> tuple[argparse.ArgumentParser, argparse.Namespace]:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    tasks = parser.add_subparsers(dest='task', required=True, metavar='TASK')
    det = tasks.add_parser(
        'det', help='boxes and masks, with a config of mmdet', description='Draw boxes and masks.'
    )
    det.add_argument('config', type=Path, help='config the model was trained with')
    det.add_argument('checkpoint', type=Path, help='.pth file that training wrote')
    det.add_argument('inputs', nargs='+', metavar='INPUT', help='pictures, folders or patterns')
    det.add_argument('--out-dir', type=Path, required=True, help='folder to write')
    det.add_argument('--score-thr', type=share, default=0.3, help='least score (0.3)')
    det.add_argument('--device', default='cpu', help='cpu (as it is) or cuda:0')
    det.add_argument('--grid', type=count, default=8, help='pictures in overview.png (8); 0: none')
    return parser, parser.parse_args(argv)


def check(parser: argparse.ArgumentParser, args: argparse.Namespace) -> list[Path]:
    for name in ('config', 'checkpoint'):
        if not getattr(args, name).is_file():
            parser.error(f'{name} {getattr(args, name)} does not exist')
    if args.out_dir.exists() and not args.out_dir.is_dir():
        parser.error(f'--out-dir {args.out_dir} is a file; name a folder')
    scope = Config.fromfile(args.config).get('default_scope')
    if scope != 'mmdet':
        parser.error(f'{args.config} is a config of {scope}; det needs one of mmdet')
    if args.device.startswith('cuda'):
        import torch

        if not torch.cuda.is_available():
            parser.error(f'--device {args.device}: torch sees no GPU; leave it out for the CPU')
    paths = find_inputs(parser, args.inputs)
    for path in paths:
        if read_picture(path) is None:
            parser.error(f'{path} is no picture that OpenCV can read')
    return paths


MAKERS = {'det': make_detector}


def main(argv: Sequence[str] | None = None) -> None:
    parser, args = parse_args(argv)
    warnings.filterwarnings('ignore', message='pkg_resources is deprecated')
    paths = check(parser, args)
    predict = MAKERS[args.task](args.config, args.checkpoint, args.device, args.score_thr)
    run(predict, paths, args.out_dir, args.grid)


if __name__ == '__main__':
    main()
