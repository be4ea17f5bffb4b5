"""UniFormerV2 refuses what it cannot work with, and says what is allowed."""

import pytest
import torch
from tiny_v2 import SSV, seeded

from mmuniformer.models.uniformer_v2 import UniFormerV2


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        ({'arch': 'b32'}, "unknown arch 'b32'; there are b16, l14, l14_336"),
        ({'arch': {'depths': 3}}, "no field \\['depths'\\]; there are depth, dim"),
        ({'arch': {'depth': 0}}, 'arch depth must be a positive integer, got 0'),
        ({'arch': {'head_dim': 48 + 1}}, 'head_dim 49 does not divide the 768 channels'),
        ({'arch': {'image_size': 230}}, 'image_size 230 is not a multiple of patch_size 16'),
        ({'arch': {'activation': 'relu'}}, "activation 'relu' is none of"),
        ({'arch': {'mlp_ratio': 0}}, 'mlp_ratio must be positive'),
        ({'local_mhra': 3}, 'local_mhra 3 is none of 0, 1, 2'),
        ({'local_reduction': 0}, 'local_reduction 0 is outside'),
        ({'local_kernel_size': 4}, 'local_kernel_size 4 is not an odd number'),
        ({'global_layers': (8, 12)}, 'global_layers .*allowed are ViT layers 0 to 11'),
        ({'global_layers': ()}, 'allowed are ViT layers'),
        ({'out_indices': (3, 1)}, 'in rising order, each ViT layer once'),
        ({'out_indices': 12}, 'out_indices 12: allowed are ViT layers 0 to 11'),
        ({'fusion': 'mean'}, "fusion 'mean' is none of"),
        ({'global_drop_rate': [0.5]}, 'global_drop_rate has 1 values for 4 global UniBlocks'),
        ({'global_drop_rate': -1}, 'global_drop_rate -1 is outside'),
        ({'with_cp': 13}, 'with_cp is a bool or the number of layers'),
    ],
)
def test_a_bad_argument_is_refused_with_what_is_allowed(options, message):
    with torch.device('meta'), pytest.raises(ValueError, match=message):
        UniFormerV2(**options)


def test_an_arch_of_the_wrong_type_is_refused():
    with pytest.raises(TypeError, match='name of a row or a dict'):
        UniFormerV2(arch=16)


@pytest.mark.parametrize(
    ('shape', 'message'),
    [
        ((1, 1, 2, 32, 32), 'the input has 1 channels and the net 3'),
        ((3, 32, 32), r'UniFormerV2 takes clips \(B, C, T, H, W\) or images'),
        ((1, 3, 2, 30, 32), 'the input is 30×32, not in patches of 8×8'),
        ((1, 3, 7, 32, 32), 'the clip has 7 frames, which temporal_downsample cannot halve'),
    ],
)
def test_a_bad_input_is_refused_with_what_to_do(shape, message):
    with pytest.raises(ValueError, match=message):
        seeded(**SSV)(torch.zeros(shape))
