"""Small nets of every family with weights as if trained, inputs for them, and their files."""

from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import torch
from tiny_v2 import BEIT, SSV, clip
from tiny_v2 import TINY as TINY_V2
from torch import Tensor, nn

from mmuniformer.models import (
    UniFormer,
    UniFormer3D,
    UniFormerLight,
    UniFormerLight3D,
    UniFormerV2,
)

# Depth 4 in stage 3 makes one hybrid group.
TINY = {'depths': (1, 2, 4, 1), 'dims': (16, 24, 32, 48), 'head_dim': 16}
WIDE = {'dims': (16, 32, 32, 48)}
LIGHT = {'depths': (1, 1, 3, 2), 'dims': (8, 16, 16, 32), 'head_dim': 8}
SCALED = {'layer_scale': 0.1}
CLASSIFIER = {'out_indices': 3, 'out_norm': 'batch'}


def tiny(cls: type[UniFormer], arch: Mapping | str | None = None, **options) -> UniFormer:
    """A net of :data:`TINY` with other fields of ``arch``."""
    torch.manual_seed(1)
    return cls(arch=arch if isinstance(arch, str) else {**TINY, **(arch or {})}, **options)


image_net = partial(tiny, UniFormer)
video_net = partial(tiny, UniFormer3D)
classifier = partial(image_net, **CLASSIFIER)


# Name → builder, which takes further arguments of the net.
NETS = {
    'global': partial(image_net),
    'window': partial(image_net, attention='window', window_size=5),
    'hybrid': partial(image_net, attention='hybrid', window_size=5),
    'classifier': classifier,
    'conv stem': partial(image_net, arch={'stem': 'conv'}),
    'layer scale': partial(image_net, arch=SCALED),
    'mobile blocks': partial(image_net, arch={**SCALED, 'local_ffn': False}),
    'no dpe': partial(image_net, arch={'dpe': False}),
    'kv strides': partial(image_net, arch={'kv_strides': (1, 1, 2, 1)}),
    'global stages': partial(image_net, arch={**WIDE, 'stage_types': ['global'] * 4}),
    'video': partial(video_net, arch=SCALED),
    'video maps': partial(video_net, out_indices=(0, 1, 2, 3), out_norm='layer'),
    'video 2d filters': partial(video_net, arch={'inflated': ()}),
    'video long filters': partial(video_net, arch={'inflated': ['dpe', 'local', 'downsample']}),
    'video size 9': partial(video_net, arch={'local_kernel': 9}),
    'video divided': partial(video_net, attention='divided'),
    'video mixed stages': partial(video_net, arch={**WIDE, 'stage_types': ['global', 'local'] * 2}),
    'light': partial(UniFormerLight, arch={**LIGHT, **SCALED}),
    'light classifier': partial(UniFormerLight, arch=LIGHT, out_cls_token=True, **CLASSIFIER),
    'light video': partial(UniFormerLight3D, arch=LIGHT),
    'v2': partial(UniFormerV2, arch=TINY_V2),
    'v2 local': partial(UniFormerV2, arch=TINY_V2, **SSV),
    'v2 maps': partial(UniFormerV2, arch={**TINY_V2, **BEIT}, out_indices=(1, 3), **SSV),
}


def trained(net: nn.Module) -> nn.Module:
    """Randomize a net as if trained: no statistic, norm, factor or bias has its initial value."""
    torch.manual_seed(3)
    for name, tensor in net.state_dict().items():
        if name.endswith('running_var'):
            tensor.uniform_(0.2, 2)
        elif 'gamma' in name:
            nn.init.normal_(tensor, 0.3, 0.2)
        elif name.endswith(('bias', 'running_mean')):
            nn.init.normal_(tensor, 0, 0.3)
        elif tensor.is_floating_point():
            of_matrix = tensor.ndim > 1
            nn.init.normal_(tensor, not of_matrix, tensor[0].numel() ** -0.5 if of_matrix else 0.3)
    return net.eval()


def sample(net: nn.Module) -> Tensor:
    if isinstance(net, UniFormerV2):
        return clip()
    torch.manual_seed(0)
    return torch.randn(2, 3, *([] if net.ndim == 2 else [4]), 70, 101)


def tensors(outs: Tensor | tuple) -> Iterator[Tensor]:
    if isinstance(outs, Tensor):
        yield outs
    else:
        for out in outs:
            yield from tensors(out)


def copied(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {key: value.clone() for key, value in state.items()}


def trained_state(net: nn.Module) -> dict[str, Tensor]:
    return copied(trained(net).state_dict())


def prefixed(state: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    return {prefix + key: value for key, value in state.items()}


def save(folder: Path, content: Any) -> str:
    path = folder / 'file.pth'
    torch.save(content, path)
    return str(path)
