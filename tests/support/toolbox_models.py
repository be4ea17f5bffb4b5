"""Models of the toolboxes' own configs, made small, with weights and inputs that NumPy makes."""

import importlib.util
import math
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from mmengine.config import Config, ConfigDict
from mmengine.registry import MODELS, DefaultScope, init_default_scope
from mmengine.structures import BaseDataElement, InstanceData
from torch import Tensor, nn

# Fewer candidates than the configs ask for; an image this small has not many places.
FEWER = dict(nms_pre=60, max_per_img=20, max_per_image=20, corner_topk=600, flip_test=False)
FEWER.update(num_queries=20, num_proposals=20, num_group=15, num_select=10)
FEWER['out_head'] = {'num_classes': 2, 'num_queries': 20}  # of ED-Pose
# Scales; and shifts that are long enough for the boxes of CentripetalNet to overlap.
AROUND_ONE = ('weight', 'running_var', 'centripetal_shift.1.1.conv.bias')
# How much weights enlarge, where features would vanish or grow without end.
GAINS = {'rtmdet': 2.8, 'yolox': 2, 'body_2d_keypoint/dekr': 0.5, 'centripetalnet': 0.7}


def settings_of(name: str) -> Config:
    """Read the config of a family, as its toolbox installed it and a metafile names it."""
    toolbox, path = name.split('::')
    folder = Path(importlib.util.find_spec(toolbox).submodule_search_locations[0], '.mim/configs')
    file = folder / f'{path}.py'
    assert any(file.name in metafile.read_text() for metafile in file.parent.glob('*.y*ml'))
    with pytest.MonkeyPatch.context() as patch:
        # The config of ED-Pose reads a base from `mmpose.configs`, which mmpose does not install.
        patch.setattr('mmengine.config.config.get_installed_path', lambda package: folder.parent)
        return Config.fromfile(file)


def shrink(node: Any) -> Any:
    """Leave out files to download, and make lists of candidates short."""
    if isinstance(node, dict):
        shrunk = {key: FEWER.get(key, shrink(value)) for key, value in node.items()}
        return {k: None if k in ('init_cfg', 'pretrained') else v for k, v in shrunk.items()}
    return type(node)(map(shrink, node)) if isinstance(node, (list, tuple)) else node


def numbers(name: str, shape: tuple[int, ...]) -> Tensor:
    """Return numbers of mean 0 and variance 1, the same in every version of everything."""
    values = np.random.RandomState(zlib.crc32(name.encode())).random_sample(math.prod(shape))
    return torch.from_numpy((values - 0.5) * math.sqrt(12)).float().view(shape)


def scale_of(name: str) -> float:
    """Return how strong the last layer of a head is: boxes stay in the image, scores differ."""
    return 0.1 if 'fc_reg' in name else 3 if 'fc_cls' in name else 1


@torch.no_grad()
def fill(model: nn.Module, gain: float) -> None:
    """Make weights that keep the size of what they are applied to, and nothing exactly 0 or 1."""
    tensors = dict(model.named_parameters())
    kept = ('running_mean', 'running_var', 'weight_gamma')
    tensors.update((name, b) for name, b in model.named_buffers() if name.endswith(kept))
    embeddings = {f'{k}.weight' for k, m in model.named_modules() if isinstance(m, nn.Embedding)}
    for name, values in tensors.items():
        new = numbers(name, tuple(values.shape))
        if name.endswith('init_proposal_bboxes.weight'):
            new = 0.5 + 0.1 * new
        elif name.endswith('weight_gamma'):  # of standardized weights
            new = 0.0375 + 0.004 * new
        elif name not in embeddings and values.dim() > 1:
            new = new * math.sqrt(gain / values[0].numel()) * scale_of(name)
        elif name not in embeddings:
            new = 0.1 * new + (1 if values.dim() == 0 or name.endswith(AROUND_ONE) else 0)
        values.copy_(new)


def build(name: str) -> nn.Module:
    """Build the model of ``toolbox::path`` of a config, in the state in which it predicts."""
    settings = settings_of(name)
    DefaultScope._instance_dict.clear()
    init_default_scope(settings.get('default_scope', name.split('::')[0]))
    model = MODELS.build(ConfigDict(shrink(settings.model.to_dict()))).eval()
    fill(model, next((gain for family, gain in GAINS.items() if f'::{family}/' in name), 1))
    return model


def batch_of(name: str) -> tuple[Tensor, list[BaseDataElement]]:
    """Return one image or clip, and what a pipeline would tell about it."""
    toolbox = name.split('::')[0]
    size = (128, 128) if 'centripetalnet' in name else (96, 128)
    facts = dict(img_shape=size, ori_shape=size, pad_shape=size, batch_input_shape=size)
    facts.update(scale_factor=(1.0, 1.0), input_size=size[::-1], border=(0, 128, 0, 128))
    facts.update(input_center=np.float32([64, 48]), input_scale=np.float32([128, 96]))
    structures = importlib.import_module(f'{toolbox}.structures')
    prefixes = {'mmdet': 'Det', 'mmseg': 'Seg', 'mmpose': 'Pose', 'mmaction': 'Action'}
    sample = getattr(structures, f'{prefixes[toolbox]}DataSample')(metainfo=facts)
    shape = (1, 3, *size)
    if 'detection' in name:
        shape = (1, 3, 32 if 'slowfast' in name else 4, *size)
        boxes = torch.tensor([[10.0, 8.5, 60.2, 90.1], [50.7, 3.0, 127.0, 71.3]])
        sample.proposals = InstanceData(bboxes=boxes)
    elif 'recognition' in name:
        shape = (1, 8, *shape[1:])
    elif toolbox == 'mmpose':
        sample.gt_instances = InstanceData()
    return numbers(f'image {size}', shape), [sample]


@torch.no_grad()
def predict(name: str, model: nn.Module) -> dict[str, Tensor]:
    """Return all features and predictions of a model for one image or clip."""
    inputs, samples = batch_of(name)
    features, extract = [], model.extract_feat

    def keep_features(*args, **kwargs) -> Any:
        features.append(extract(*args, **kwargs))
        return features[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(model, 'extract_feat', keep_features)
        predictions = model(inputs, samples, mode='predict')
    return dict(tensors_in({'features': features, 'predictions': predictions}))


def tensors_in(value: Any, name: str = '') -> Iterator[tuple[str, Tensor]]:
    """Yield all tensors and arrays in nested results, by name."""
    if isinstance(value, BaseDataElement):
        value = dict(value.items())
    if isinstance(value, dict):
        value = value.items()
    elif isinstance(value, (list, tuple)):
        value = enumerate(value)
    elif isinstance(value, (Tensor, np.ndarray)):
        yield name, torch.as_tensor(value)
        return
    else:
        return
    for key, part in value:
        yield from tensors_in(part, f'{name}.{key}'.strip('.'))
