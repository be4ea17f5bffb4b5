"""Small nets of every family with weights as if trained, and inputs for them."""

from collections.abc import Iterator

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

TINY = {'depths': (1, 2, 4, 1), 'dims': (16, 24, 32, 48), 'head_dim': 16}
LIGHT = {'depths': (1, 1, 3, 2), 'dims': (8, 16, 16, 32), 'head_dim': 8}
SCALED = {'layer_scale': 0.1}
CLASSIFIER = {'out_indices': 3, 'out_norm': 'batch'}


def image_net(**options) -> UniFormer:
    return UniFormer(**{'arch': TINY, **options})


NETS = {
    'global': lambda: image_net(),
    'window': lambda: image_net(attention='window', window_size=5),
    'hybrid': lambda: image_net(attention='hybrid', window_size=5),
    'classifier': lambda: image_net(**CLASSIFIER),
    'conv stem': lambda: image_net(arch={**TINY, 'stem': 'conv'}),
    'layer scale': lambda: image_net(arch={**TINY, **SCALED}),
    'mobile blocks': lambda: image_net(arch={**TINY, **SCALED, 'local_ffn': False}),
    'no dpe': lambda: image_net(arch={**TINY, 'dpe': False}),
    'kv strides': lambda: image_net(arch={**TINY, 'kv_strides': (1, 1, 2, 1)}),
    'video': lambda: UniFormer3D(arch={**TINY, **SCALED}),
    'video 2d filters': lambda: UniFormer3D(arch={**TINY, 'inflated': ()}),
    'video divided': lambda: UniFormer3D(arch=TINY, attention='divided'),
    'light': lambda: UniFormerLight(arch={**LIGHT, **SCALED}),
    'light classifier': lambda: UniFormerLight(arch=LIGHT, out_cls_token=True, **CLASSIFIER),
    'light video': lambda: UniFormerLight3D(arch=LIGHT),
    'v2': lambda: UniFormerV2(arch=TINY_V2),
    'v2 local': lambda: UniFormerV2(arch=TINY_V2, **SSV),
    'v2 maps': lambda: UniFormerV2(arch={**TINY_V2, **BEIT}, out_indices=(1, 3), **SSV),
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
