"""Small nets of every family with weights as if trained, and inputs for them."""

from collections.abc import Iterator
from functools import partial

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
WIDE = {**TINY, 'dims': (16, 32, 32, 48)}
LIGHT = {'depths': (1, 1, 3, 2), 'dims': (8, 16, 16, 32), 'head_dim': 8}
SCALED = {'layer_scale': 0.1}
CLASSIFIER = {'out_indices': 3, 'out_norm': 'batch'}


def image_net(**options) -> UniFormer:
    torch.manual_seed(1)
    return UniFormer(**{'arch': TINY, **options})


# Name → builder, which takes further arguments of the net.
NETS = {
    'global': partial(image_net),
    'window': partial(image_net, attention='window', window_size=5),
    'hybrid': partial(image_net, attention='hybrid', window_size=5),
    'classifier': partial(image_net, **CLASSIFIER),
    'conv stem': partial(image_net, arch={**TINY, 'stem': 'conv'}),
    'layer scale': partial(image_net, arch={**TINY, **SCALED}),
    'mobile blocks': partial(image_net, arch={**TINY, **SCALED, 'local_ffn': False}),
    'no dpe': partial(image_net, arch={**TINY, 'dpe': False}),
    'kv strides': partial(image_net, arch={**TINY, 'kv_strides': (1, 1, 2, 1)}),
    'global stages': partial(image_net, arch={**WIDE, 'stage_types': ['global'] * 4}),
    'video': partial(UniFormer3D, arch={**TINY, **SCALED}),
    'video maps': partial(UniFormer3D, arch=TINY, out_indices=(0, 1, 2, 3), out_norm='layer'),
    'video 2d filters': partial(UniFormer3D, arch={**TINY, 'inflated': ()}),
    'video long filters': partial(
        UniFormer3D, arch={**TINY, 'inflated': ['dpe', 'local', 'downsample']}
    ),
    'video size 9': partial(UniFormer3D, arch={**TINY, 'local_kernel': 9}),
    'video divided': partial(UniFormer3D, arch=TINY, attention='divided'),
    'video mixed stages': partial(
        UniFormer3D, arch={**WIDE, 'stage_types': ['global', 'local'] * 2}
    ),
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
