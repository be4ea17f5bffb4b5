"""UniFormer-S on ImageNet-1k, global blocks everywhere: paper, Table 10.

Expected on ImageNet val: top-1 82.1, where uniformer_s_in1k has 82.9. 20.1 M parameters.

    mim train mmpretrain configs/cls/uniformer_s_abl_gggg_in1k.py

The paper does not print the depths and the strides of keys and values; these give the printed
parameters, and the printed FLOPs on videos.
"""

_base_ = './uniformer_s_in1k.py'

arch = dict(
    _delete_=True,
    stage_types=['global', 'global', 'global', 'global'],
    depths=(5, 5, 9, 2),
    kv_strides=(4, 2, 2, 1),
)
model = dict(backbone=dict(arch=arch))
