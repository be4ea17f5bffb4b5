"""UPerNet, UniFormer-S, global, BatchNorms frozen.

The authors remark for their detectors that freezing should be better and that they forgot it: the
numbers of Tables 9 and 16 are for trained BatchNorms. Expected: no published number for this form.
Statistics stay those of ImageNet, scale and shift are still learnt.

    mim train mmseg configs/seg/upernet_uniformer_s_g_160k_frozenbn.py
"""

_base_ = './upernet_uniformer_s_g_160k.py'

model = dict(backbone=dict(norm_eval=True))
