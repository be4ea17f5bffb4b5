"""A page on which pictures and videos are uploaded and a model shows what it finds.

    pip install gradio
    python tools/web_demo.py --model det CONFIG CHECKPOINT --model video CONFIG CHECKPOINT

serves it at http://127.0.0.1:7860; the models given are what the page offers, each is built when it
is first chosen. What is found and drawn is what tools/demo.py finds and draws.
"""

import argparse
import json
import tempfile
import warnings
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

from demo import TASKS, make_predictor, parse_args
from demos.inputs import Source
from demos.models import Predictor
from demos.outputs import Run

FRAMES = 300  # of an uploaded video, at most
Shown = tuple[str | None, str | None, dict]


def parse(argv: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        '--model', nargs=3, action='append', required=True,
        metavar=('TASK', 'CONFIG', 'CHECKPOINT'), help='one to offer; may be given several times',
    )  # fmt: skip
    parser.add_argument('--device', default='cpu', help='cpu (as it is), cuda or cuda:0')
    parser.add_argument('--host', default='127.0.0.1', help='0.0.0.0 lets other machines in')
    parser.add_argument('--port', type=int, default=7860)
    args = parser.parse_args(argv)
    for task, config, checkpoint in args.model:
        if task not in TASKS:
            parser.error(f'task {task} is none of {", ".join(TASKS)}')
        for name, path in (('config', config), ('checkpoint', checkpoint)):
            if not Path(path).is_file():
                parser.error(f'{name} {path} does not exist')
    return args


def name_models(models: Sequence[Sequence[str]]) -> dict[str, tuple[str, Path, Path]]:
    """What the page calls each model."""
    return {
        f'{task}: {Path(config).stem}, {checkpoint}': (task, Path(config), Path(checkpoint))
        for task, config, checkpoint in models
    }


def make_finder(
    models: dict[str, tuple[str, Path, Path]], device: str, folder: Path
) -> Callable[[str, str | None, str | None], Shown]:
    """Give the function behind the button: files in, files out, the latter in ``folder``."""

    @cache
    def predictor(name: str) -> Predictor:
        task, config, checkpoint = models[name]
        words = [task, str(config), str(checkpoint), '-', '--out-dir', '-']
        _, defaults = parse_args(words)
        return make_predictor(task, config, checkpoint, device, defaults)

    def find(name: str, picture: str | None, video: str | None) -> Shown:
        """Use the picture if there is one, else the video.

        Raises:
            ValueError: neither is there, the model has no use for it, or it cannot be read.
        """
        kinds = TASKS[models[name][0]].kinds
        kind = 'picture' if picture else 'video'
        path = picture or video
        if not path or kind not in kinds:
            raise ValueError(f'this model takes a {" or a ".join(kinds)}; upload one')
        out = Path(tempfile.mkdtemp(dir=folder))
        whole = 'picture' not in kinds
        run = Run(predictor(name), out, None if whole else FRAMES, whole, grid=0)
        if run([Source(path, kind)]):
            raise ValueError(run.failures[0])
        (content,) = out.glob('*.json')
        found = {**json.loads(content.read_text()), 'input': Path(path).name}
        drawn = str(content.with_suffix('.png' if kind == 'picture' else '.mp4'))
        return (drawn, None, found) if kind == 'picture' else (None, drawn, found)

    return find


def make_page(models: dict[str, tuple[str, Path, Path]], device: str, folder: Path):
    """Build the page, ready to launch."""
    try:
        import gradio
    except ImportError as error:
        raise SystemExit(
            'error: the page needs the package gradio: pip install gradio; tools/demo.py does the '
            'same on the command line without it'
        ) from error
    find = make_finder(models, device, folder)

    def find_or_tell(name: str, picture: str | None, video: str | None) -> Shown:
        try:
            return find(name, picture, video)
        except ValueError as error:
            raise gradio.Error(str(error)) from error

    return gradio.Interface(
        find_or_tell,
        inputs=[
            gradio.Dropdown(list(models), value=next(iter(models)), label='Model'),
            gradio.Image(type='filepath', label='Picture'),
            gradio.Video(label='Video'),
        ],
        outputs=[
            gradio.Image(type='filepath', label='Found in the picture', show_label=False),
            gradio.Video(label='Found in the video', show_label=False),
            gradio.JSON(label='In numbers'),
        ],
        title='UniFormer',
        flagging_mode='never',
        analytics_enabled=False,
    )


def main(argv: Sequence[str] | None = None) -> None:
    args = parse(argv)
    warnings.filterwarnings('ignore', message='pkg_resources is deprecated')
    with tempfile.TemporaryDirectory() as folder:
        page = make_page(name_models(args.model), args.device, Path(folder))
        page.launch(server_name=args.host, server_port=args.port, allowed_paths=[folder])


if __name__ == '__main__':
    main()
