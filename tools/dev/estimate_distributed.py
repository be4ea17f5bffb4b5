"""What a recipe becomes on more GPUs: batch, learning rate, steps, traffic and memory. Computed.

    python tools/dev/estimate_distributed.py mask_rcnn_uniformer_s_h14_1x
    python tools/dev/estimate_distributed.py uniformer_b_in1k --gpus 8 64 --per-gpu 64

The learning rate scales linearly with the batch from what the config states (auto_scale_lr).
Traffic is what a GPU sends in a step with ring algorithms, for P parameters in float32 on n GPUs:
data parallel, the all-reduce of gradients, 2(n-1)/n·4P bytes; FSDP, the reduce-scatter of gradients
and the all-gather of weights, a second one of blocks for the backward pass, 3(n-1)/n·4P without
that of the rest. Memory is that of weights, gradients and the two states of Adam: data parallel,
16P on every GPU; FSDP, 16P/n and what is gathered at a time, weights and gradients of all that is
in no block and of two blocks, the largest one and the prefetched one. Activations come on top:
mmuniformer memory CONFIG. Nothing is measured.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from mmengine.registry import DATA_SAMPLERS, DefaultScope

from mmuniformer.apis.configs import find_config, load_config
from mmuniformer.apis.model import build_model
from mmuniformer.apis.tables import markdown_table
from mmuniformer.engine import wrap_uniformer_blocks

GPUS = (1, 8, 64, 256)
COLUMNS = (
    'GPUs', 'batch', 'learning rate', 'steps per epoch', 'traffic: data parallel', 'FSDP',
    'memory: data parallel', 'FSDP',
)  # fmt: skip
FLOAT = 4  # bytes
COPIES = 4  # weights, gradients, two states of Adam
# Samples of the training sets; COCO without the images that have no boxes, as mmdet loads it.
SAMPLES = {'data/imagenet': 1_281_167, 'data/coco/': 117_266}


@dataclass(frozen=True)
class Recipe:
    """What the estimate needs of a config and its model.

    Attributes:
        whole: parameters that are in no block.
        block: parameters of the largest block.
    """

    samples: int
    drop_last: bool
    per_gpu: int
    base_batch: int
    learning_rate: float
    parameters: int
    whole: int
    block: int


@dataclass(frozen=True)
class Scaled:
    """A recipe on several GPUs; bytes are per GPU, and those sent are per step."""

    gpus: int
    batch: int
    learning_rate: float
    steps: int
    sent: int
    sent_sharded: int
    held: int
    held_sharded: int

    def cells(self) -> tuple[str, ...]:
        sent = (f'{bytes_ / 1e6:.0f} MB' for bytes_ in (self.sent, self.sent_sharded))
        held = (f'{bytes_ / 2**20:.0f} MiB' for bytes_ in (self.held, self.held_sharded))
        rate = f'{self.learning_rate:.4g}'
        return str(self.gpus), f'{self.batch:,}', rate, f'{self.steps:,}', *sent, *held


def read(path: Path, per_gpu: int | None = None) -> Recipe:
    """Read a config and build its model on the meta device.

    Raises:
        ValueError: the config does not say for which batch its learning rate is, or its training
            set is none of those whose size is known here.
    """
    config = load_config(path)
    base = config.get('auto_scale_lr', {}).get('base_batch_size')
    if base is None:
        raise ValueError(f'{path} has no auto_scale_lr.base_batch_size to scale from')
    loader = config.train_dataloader
    root = loader.dataset.get('data_root')
    if root not in SAMPLES:
        raise ValueError(f'{path} trains on {root}; known are {", ".join(SAMPLES)}')
    samples = SAMPLES[root]
    with DefaultScope.overwrite_default_scope(config.default_scope):
        sampler = DATA_SAMPLERS.build(
            dict(loader.sampler), default_args={'dataset': range(samples)}
        )
    with torch.device('meta'):
        model = build_model(config)
    blocks = [
        sum(parameter.numel() for parameter in module.parameters())
        for module in model.modules()
        if wrap_uniformer_blocks(module, recurse=False, nonwrapped_numel=0)
    ]
    parameters = sum(parameter.numel() for parameter in model.parameters())
    return Recipe(
        len(sampler), loader.get('drop_last', False), per_gpu or loader.batch_size, base,
        config.optim_wrapper.optimizer.lr, parameters, parameters - sum(blocks), max(blocks),
    )  # fmt: skip


def scale(recipe: Recipe, gpus: int) -> Scaled:
    batch = gpus * recipe.per_gpu
    ring = (gpus - 1) / gpus * FLOAT * recipe.parameters
    kept = (gpus - 1) / gpus * FLOAT * recipe.whole  # not gathered a second time
    held = COPIES * FLOAT * recipe.parameters
    gathered = 2 * FLOAT * (recipe.whole + 2 * recipe.block)
    share = math.ceil(recipe.samples / gpus)  # samplers fill up the last GPU's
    steps = share // recipe.per_gpu if recipe.drop_last else math.ceil(share / recipe.per_gpu)
    return Scaled(
        gpus, batch, recipe.learning_rate * batch / recipe.base_batch, steps,
        round(2 * ring), round(3 * ring - kept), held, round(held / gpus + gathered * (gpus > 1)),
    )  # fmt: skip


def table(recipe: Recipe, gpus: Sequence[int]) -> str:
    rows = [COLUMNS, *(scale(recipe, number).cells() for number in gpus)]
    return '\n'.join(markdown_table(rows, pad=True))


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('configs', nargs='+', help='config files or names')
    parser.add_argument('--gpus', nargs='+', type=int, default=GPUS, help='default 1 8 64 256')
    parser.add_argument('--per-gpu', type=int, help='samples on a GPU; default as in the config')
    args = parser.parse_args(argv)
    if min(args.gpus) < 1 or (args.per_gpu is not None and args.per_gpu < 1):
        parser.error('--gpus and --per-gpu are at least 1')
    for config in args.configs:
        try:
            path = find_config(config)
            recipe = read(path, args.per_gpu)
        except (ValueError, FileNotFoundError) as error:
            parser.error(str(error))
        print(f'{path.stem}, {recipe.parameters / 1e6:.2f} M parameters\n')
        print(f'{table(recipe, args.gpus)}\n')
    return 0


if __name__ == '__main__':
    sys.exit(main())
