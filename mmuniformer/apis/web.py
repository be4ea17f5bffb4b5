"""A web page for predictions on uploaded images and videos."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

from .configs import load_config
from .predict import PREDICTORS, PredictionRun, Predictor, Source, predictor
from .predict.sources import MediaType
from .toolbox import find_toolbox

MAX_FRAMES = 300  # limit for uploaded videos that are predicted frame by frame
# Drawn image, drawn video and the result as a dict.
Shown = tuple[str | None, str | None, dict]
Models = Mapping[str, tuple[str | Path, str | Path]]


def make_finder(
    models: Models, device: str, folder: Path
) -> Callable[[str, str | None, str | None], Shown]:
    """Make the function that the page calls, from uploaded files to output files.

    Args:
        models: config and checkpoint of each model, by its name on the page; a model is built on
            first use.
        folder: output folder.
    """

    @cache
    def get_predictor(name: str) -> Predictor:
        return predictor(*models[name], device)

    def find(name: str, image: str | None, video: str | None) -> Shown:
        """Predict for the image if given, otherwise for the video.

        Raises:
            ValueError: no input is given, the model does not take it, or it cannot be read.
        """
        config, _ = models[name]
        takes = PREDICTORS[find_toolbox(load_config(config)).scope].takes
        type_: MediaType = 'image' if image else 'video'
        path = image or video
        if not path or type_ not in takes:
            wanted = 'an image or a video' if 'image' in takes else 'a video'
            raise ValueError(f'this model takes {wanted}; upload one')
        out = Path(tempfile.mkdtemp(dir=folder))
        limit = MAX_FRAMES if 'image' in takes else None
        run = PredictionRun(get_predictor(name), out, limit, grid=0)
        run([Source(path, type_)])
        if run.failures:
            raise ValueError(run.failures[0])
        (content,) = out.glob('*.json')
        found = {**json.loads(content.read_text()), 'input': Path(path).name}
        drawn = str(content.with_suffix('.png' if image else '.mp4'))
        return (drawn, None, found) if image else (None, drawn, found)

    return find


def make_page(models: Models, device: str, folder: Path):
    """Build the page as a ``gradio.Interface``; the arguments are those of :func:`make_finder`.

    Raises:
        ImportError: gradio is not installed.
    """
    try:
        import gradio
    except ImportError as error:
        raise ImportError(
            'the page needs the package gradio: pip install gradio; mmuniformer demo does the same '
            'on the command line without it'
        ) from error
    find = make_finder(models, device, folder)

    def find_or_tell(name: str, image: str | None, video: str | None) -> Shown:
        try:
            return find(name, image, video)
        except (ValueError, FileNotFoundError) as error:
            raise gradio.Error(str(error)) from error

    return gradio.Interface(
        find_or_tell,
        inputs=[
            gradio.Dropdown(list(models), value=next(iter(models)), label='Model'),
            gradio.Image(type='filepath', label='Image'),
            gradio.Video(label='Video'),
        ],
        outputs=[
            gradio.Image(type='filepath', label='Found in the image', show_label=False),
            gradio.Video(label='Found in the video', show_label=False),
            gradio.JSON(label='In numbers'),
        ],
        title='UniFormer',
        flagging_mode='never',
        analytics_enabled=False,
    )
