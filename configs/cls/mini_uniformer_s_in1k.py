"""UniFormer-S at a quarter of its width as a classifier, mini data.

Blocks, head and losses are those of uniformer_s_in1k; widths, augmentations, schedule and data are
smaller. Six drawn shapes, from scratch: top-1 84.7 after 4 minutes on one CPU core.

    mmuniformer make-mini-data imagenet
    mim train mmpretrain configs/cls/mini_uniformer_s_in1k.py
"""

_base_ = ['../_base_/cls/uniformer_cls.py', '../_base_/cls/mini_imagenet.py']

model = dict(
    backbone=dict(arch=dict(_delete_=True, dims=(16, 32, 80, 128), head_dim=16)),
    head=dict(num_classes=_base_.num_classes, in_channels=128),
    train_cfg=None,
)
