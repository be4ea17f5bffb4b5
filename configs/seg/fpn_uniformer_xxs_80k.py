"""Semantic FPN, light UniFormer-XXS: README of the authors, Table of Semantic FPN.

Expected on ADE20K val: mIoU 42.3. 13.5 M parameters; the FLOPs are not published, we count 132.5 G
at 512×2048.

    mim train mmseg configs/seg/fpn_uniformer_xxs_80k.py

All values are from the code, as the paper has no light models: no drop path. The weights are the
authors'; see the README in this folder.
"""

_base_ = ['../_base_/seg/fpn_uniformer_light.py', '../_base_/seg/ade20k_80k.py']
weights = 'checkpoints/uniformer_xxs_224_in1k.pth'

model = dict(backbone=dict(init_cfg=dict(type='Pretrained', checkpoint=weights)))
