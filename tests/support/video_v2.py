"""The configs of UniFormerV2 for video, what their names say, and the published settings."""

import functools
import re
from pathlib import Path

import torch
from mmengine.config import Config
from mmengine.registry import MODELS, init_default_scope

from configs import configs_of, load

V2 = [path for path in configs_of('video') if path.stem.startswith('uniformerv2_')]
NAME = re.compile(
    r'uniformerv2_(?P<arch>b16|l14|l14_336)_(?P<frames>\d+)_'
    r'(?P<data>k400|k600|k700|k710|mit|ssv1|ssv2|anet|hacs)(?P<pre>_k710_pre)?(?P<frozen>_frozen)?'
)
KINETICS = ('k400', 'k600', 'k700')
FOLDERS = {
    'k400': 'kinetics400', 'k600': 'kinetics600', 'k700': 'kinetics700', 'k710': 'kinetics710',
    'mit': 'mit', 'ssv1': 'sthv1', 'ssv2': 'sthv2', 'anet': 'ActivityNet', 'hacs': 'HACS',
}  # fmt: skip
CLASSES = {'k400': 400, 'k600': 600, 'k700': 700, 'k710': 710, 'mit': 339, 'anet': 200}
CLASSES |= {'hacs': 200, 'ssv1': 174, 'ssv2': 174}
DATASETS = {
    'k400': 'Kinetics-400', 'k600': 'Kinetics-600', 'k700': 'Kinetics-700', 'k710': 'Kinetics-710',
    'mit': 'Moments in Time V1', 'ssv1': 'Something-Something V1',
    'ssv2': 'Something-Something V2', 'anet': 'ActivityNet', 'hacs': 'HACS',
}  # fmt: skip
MODEL_NAMES = {'b16': 'UniFormerV2-B/16', 'l14': 'UniFormerV2-L/14'}
MODEL_NAMES['l14_336'] = 'UniFormerV2-L/14@336'
DEPTHS = {'b16': 12, 'l14': 24, 'l14_336': 24}
# Crops and clips are the model zoo's; of K710, which is not in its tables, the script's.
# Epochs, epochs of warm-up, videos a step, GPUs, learning rate, crops, clips, layers whose
# activations are recomputed, parameters.
PUBLISHED = {
    'b16_8_k710': (55, 5, 256, 8, 1e-5, 3, 4, 0, 114_790_598),
    'l14_8_k710': (40, 5, 512, 32, 1e-5, 3, 4, 0, 354_417_350),
    'l14_336_8_k710': (40, 5, 256, 32, 5e-6, 3, 4, 0, 354_745_030),
    'l14_336_8_k710_frozen': (50, 0, 512, 32, 0.0008, 1, 3, 0, 354_744_006),
    'b16_8_k400': (55, 5, 256, 8, 1e-5, 3, 4, 0, 114_552_208),
    'b16_8_k400_k710_pre': (5, 1, 256, 8, 2e-6, 3, 4, 0, 114_552_208),
    'l14_8_k400_k710_pre': (5, 1, 256, 16, 1.5e-6, 3, 4, 0, 354_099_600),
    'l14_16_k400_k710_pre': (5, 1, 256, 32, 1.5e-6, 3, 4, 0, 354_099_600),
    'l14_32_k400_k710_pre': (5, 1, 128, 32, 1.5e-6, 3, 2, 0, 354_099_600),
    'l14_336_32_k400_k710_pre': (5, 1, 128, 32, 1.5e-6, 3, 2, 24, 354_427_280),
    'l14_336_64_k400_k710_pre': (5, 1, 128, 64, 1.5e-6, 3, 2, 24, 354_427_280),
    'l14_336_8_k400_frozen': (50, 0, 512, 16, 0.0008, 1, 3, 0, 354_426_256),
    'l14_336_8_k400_k710_pre_frozen': (5, 1, 512, 16, 5e-5, 1, 3, 0, 354_426_256),
    'l14_336_32_k400_k710_pre_frozen': (5, 1, 256, 16, 5e-5, 3, 4, 0, 354_426_256),
    'b16_8_k600': (55, 5, 256, 8, 1e-5, 3, 4, 0, 114_706_008),
    'b16_8_k600_k710_pre': (5, 1, 256, 8, 2e-6, 3, 4, 0, 114_706_008),
    'l14_8_k600_k710_pre': (5, 1, 256, 16, 1.5e-6, 3, 4, 0, 354_304_600),
    'l14_16_k600_k710_pre': (5, 1, 256, 32, 1.5e-6, 3, 4, 0, 354_304_600),
    'l14_32_k600_k710_pre': (5, 1, 128, 32, 1.5e-6, 3, 2, 0, 354_304_600),
    'l14_336_32_k600_k710_pre': (5, 1, 128, 32, 1.5e-6, 3, 2, 24, 354_632_280),
    'l14_336_64_k600_k710_pre': (5, 1, 128, 64, 1.5e-6, 3, 2, 24, 354_632_280),
    'l14_336_8_k600_frozen': (50, 0, 512, 16, 0.0008, 1, 3, 0, 354_631_256),
    'l14_336_8_k600_k710_pre_frozen': (5, 1, 512, 16, 5e-5, 1, 3, 0, 354_631_256),
    'l14_336_32_k600_k710_pre_frozen': (5, 1, 256, 16, 5e-5, 3, 4, 0, 354_631_256),
    'b16_8_k700': (55, 5, 256, 8, 1e-5, 3, 4, 0, 114_782_908),
    'b16_8_k700_k710_pre': (5, 1, 256, 8, 2e-6, 3, 4, 0, 114_782_908),
    'l14_8_k700_k710_pre': (5, 1, 256, 16, 1.5e-6, 3, 4, 0, 354_407_100),
    'l14_16_k700_k710_pre': (5, 1, 256, 32, 1.5e-6, 3, 4, 0, 354_407_100),
    'l14_32_k700_k710_pre': (5, 1, 128, 32, 1.5e-6, 3, 2, 0, 354_407_100),
    'l14_336_32_k700_k710_pre': (5, 1, 128, 32, 1.5e-6, 3, 2, 24, 354_734_780),
    'l14_336_64_k700_k710_pre': (5, 1, 128, 64, 1.5e-6, 3, 2, 24, 354_734_780),
    'l14_336_8_k700_frozen': (50, 0, 512, 16, 0.0008, 1, 3, 0, 354_733_756),
    'l14_336_8_k700_k710_pre_frozen': (5, 1, 512, 16, 5e-5, 1, 3, 0, 354_733_756),
    'l14_336_32_k700_k710_pre_frozen': (5, 1, 256, 16, 5e-5, 3, 4, 0, 354_733_756),
    'b16_8_mit_k710_pre': (24, 5, 512, 16, 2e-5, 3, 4, 0, 114_505_299),
    'l14_8_mit_k710_pre': (18, 5, 512, 32, 1e-5, 3, 4, 0, 354_037_075),
    'l14_336_8_mit_k710_pre': (18, 5, 512, 32, 1e-5, 3, 4, 21, 354_364_755),
    'b16_16_ssv1': (22, 5, 128, 8, 4e-5, 3, 1, 0, 162_992_814),
    'b16_32_ssv1': (22, 5, 128, 16, 4e-5, 3, 1, 0, 162_992_814),
    'l14_16_ssv1': (22, 5, 128, 16, 2e-5, 3, 1, 15, 573_949_966),
    'l14_32_ssv1': (22, 5, 128, 32, 2e-5, 3, 1, 15, 573_949_966),
    'b16_16_ssv2': (22, 5, 128, 8, 4e-5, 3, 1, 0, 162_992_814),
    'b16_32_ssv2': (22, 5, 128, 16, 4e-5, 3, 1, 0, 162_992_814),
    'l14_16_ssv2': (22, 5, 128, 16, 2e-5, 3, 1, 15, 573_949_966),
    'l14_32_ssv2': (22, 5, 128, 32, 2e-5, 3, 1, 15, 573_949_966),
    'l14_16_anet_k710_pre': (20, 5, 64, 16, 5e-6, 3, 10, 1, 353_894_600),
    'l14_32_anet_k710_pre': (20, 5, 64, 32, 5e-6, 3, 10, 1, 353_894_600),
    'l14_16_hacs_k710_pre': (20, 5, 64, 16, 5e-6, 3, 10, 1, 353_894_600),
    'l14_32_hacs_k710_pre': (20, 5, 64, 32, 5e-6, 3, 10, 1, 353_894_600),
}


@functools.cache
def read(path: Path) -> Config:
    """Read a config once for all the tests that only look at it."""
    return load(path)


def parse(path: Path) -> re.Match:
    """Take the name of a config apart."""
    name = NAME.fullmatch(path.stem)
    assert name, f'{path.stem} is not uniformerv2_ARCH_FRAMES_DATA[_k710_pre][_frozen]'
    return name


def recipe(path: Path) -> tuple:
    """The row of :data:`PUBLISHED` about a config."""
    return PUBLISHED[path.stem.removeprefix('uniformerv2_')]


def side_of(path: Path) -> int:
    return 336 if parse(path)['arch'] == 'l14_336' else 224


def build_without_contents(config: Config) -> torch.nn.Module:
    """Build a model of full size whose tensors have shapes alone."""
    model = config.model.to_dict()
    model['backbone']['init_cfg'] = None
    init_default_scope('mmaction')
    with torch.device('meta'):
        return MODELS.build(model)
