"""UniFormer-S on ImageNet-1k, local blocks in stage 1 only: paper, Table 10.

Expected on ImageNet val: top-1 82.7, where uniformer_s_in1k has 82.9. 21.6 M parameters.

    mim train mmpretrain configs/cls/uniformer_s_abl_lggg_in1k.py

The paper does not print the depths and the strides of keys and values; these give the printed
parameters, and the printed FLOPs on videos.
"""

_base_ = './uniformer_s_in1k.py'

arch = dict(
    _delete_=True,
    stage_types=['local', 'global', 'global', 'global'],
    depths=(2, 4, 8, 3),
    kv_strides=(1, 2, 2, 1),
)
model = dict(backbone=dict(arch=arch))
