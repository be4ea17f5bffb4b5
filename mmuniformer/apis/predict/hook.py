"""Draw the predictions of ``mmuniformer test`` with the visualizers of the toolboxes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mmengine.hooks import Hook
from mmengine.registry import VISUALIZERS
from mmengine.runner import Runner
from mmengine.structures import BaseDataElement, LabelData
from mmengine.utils import get_object_from_string
from mmengine.visualization import Visualizer
from torch import Tensor

from ..media import read_image, write_video
from ..toolbox import Toolbox

CLIP_FPS = 4.0  # clips are a few frames, sampled at intervals
SHORT_SIDE = 320  # pixels; text covers smaller images


class DrawPredictions(Hook):
    """Draws every prediction of a test into a folder: ``NAME.png``, or ``NAME.mp4`` for a video.

    The hooks of the toolboxes draw every 50th or 5000th sample, append the folder to the work
    directory, or draw network inputs with swapped channels. Several predictions for one file, such
    as the people of an image, are numbered: ``NAME_2.png``.

    Args:
        toolbox: toolbox of the config.
        folder: output folder.
    """

    def __init__(self, toolbox: Toolbox, folder: str | Path):
        self.toolbox, self.folder = toolbox, Path(folder)
        self.drawn: Counter[str] = Counter()

    def before_test(self, runner: Runner) -> None:
        dataset = runner.test_dataloader.dataset
        # A name of its own: the runner's visualizer stores images in the work directory.
        self.visualizer: Visualizer = VISUALIZERS.build(
            {'type': self.toolbox.visualizer, 'name': 'predictions'}
        )
        self.visualizer.dataset_meta = dataset.metainfo
        if self.toolbox.scope == 'mmpose':
            self.visualizer.set_dataset_meta(dataset.metainfo)
        if self.toolbox.scope == 'mmaction':  # by default, samples do not name their file
            pack = dataset.pipeline.transforms[-1]
            pack.meta_keys = (*pack.meta_keys, 'filename', 'frame_dir')

    def after_test_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: dict[str, Any],
        outputs: Sequence[BaseDataElement],
    ) -> None:
        for sample, inputs in zip(outputs, data_batch['inputs'], strict=True):
            if self.toolbox.scope == 'mmaction':
                self._draw_clip(inputs, sample)
            else:
                self._draw_image(sample)

    def _draw_image(self, sample: Any) -> None:
        image = read_image(sample.img_path)[..., ::-1]
        out = {'out_file': str(self._path(sample.img_path, '.png'))}
        if self.toolbox.scope == 'mmpretrain':
            scale = max(1.0, SHORT_SIDE / min(image.shape[:2]))
            self.visualizer.visualize_cls(image, sample, rescale_factor=scale, **out)
        elif self.toolbox.scope == 'mmpose':
            merge = get_object_from_string('mmpose.structures.merge_data_samples')
            options = {'draw_gt': False, 'draw_bbox': True, 'draw_heatmap': True}
            self.visualizer.add_datasample('', image, merge([sample]), **options, **out)
        else:
            self.visualizer.add_datasample('', image, sample, **out)

    def _draw_clip(self, inputs: Tensor, sample: Any) -> None:
        """Draw on the frames ``(V, C, T, H, W)`` of the middle view."""
        for name in ('gt', 'pred'):  # as the visualizer of mmaction2 reads them
            item, score = sample.get(f'{name}_label'), sample.get(f'{name}_score')
            sample.set_field(LabelData(item=item, score=score), f'{name}_labels')
        frames = inputs[len(inputs) // 2].permute(1, 2, 3, 0).cpu().numpy()
        scale = max(1.0, SHORT_SIDE / min(frames.shape[1:3]))
        drawn = self.visualizer.add_datasample('', frames, sample, rescale_factor=scale)
        file = sample.get('filename') or sample.get('frame_dir')
        write_video(self._path(file, '.mp4'), drawn[..., ::-1], CLIP_FPS)

    def _path(self, file: str, suffix: str) -> Path:
        stem = Path(file).stem
        self.drawn[stem] += 1
        number = self.drawn[stem]
        return self.folder / f'{stem}{f"_{number}" if number > 1 else ""}{suffix}'
