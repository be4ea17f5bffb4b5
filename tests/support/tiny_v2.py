"""Small UniFormerV2s, and clips for them."""

import torch
from torch import nn

from mmuniformer.models.uniformer_v2 import UniFormerV2

TINY = {'depth': 4, 'dim': 32, 'head_dim': 8, 'patch_size': 8, 'image_size': 32}
TINY['global_head_dim'] = 8
SSV = {'local_mhra': 2, 'temporal_downsample': True}
BEIT = {'pre_norm': False, 'relative_positions': True, 'activation': 'gelu'}


def clip(frames: int = 4, height: int = 32, width: int = 32, batch: int = 2) -> torch.Tensor:
    torch.manual_seed(0)
    return torch.randn(batch, 3, frames, height, width)


def seeded(**options) -> UniFormerV2:
    torch.manual_seed(1)
    arch = {**TINY, **options.pop('arch', {})}
    return UniFormerV2(arch=arch, **options)


def randomised(**options) -> UniFormerV2:
    """A net in the middle of its training: nothing is zero, and no running variance one."""
    net = seeded(**options)
    for parameter in net.parameters():
        nn.init.normal_(parameter, std=0.2)
    for name, buffer in net.named_buffers():
        if name.endswith('running_var'):
            buffer.uniform_(0.5, 2)
    return net
