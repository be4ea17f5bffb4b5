"""UPerNet, UniFormer-B, global, BatchNorms frozen.

The authors note for their detectors that freezing should work better but that they forgot it: the
numbers in Tables 9 and 16 are for trained BatchNorms. Expected: no published number for this
variant. The statistics stay those of ImageNet; scale and shift are still trained.

    mim train mmseg configs/seg/upernet_uniformer_b_g_160k_frozenbn.py
"""

_base_ = './upernet_uniformer_b_g_160k.py'

model = dict(backbone=dict(norm_eval=True))
