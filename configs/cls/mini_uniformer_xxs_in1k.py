"""UniFormer-XXS at a quarter of its width as a classifier, mini data.

Blocks, head and losses are those of the full model; widths, augmentations, schedule and data are
smaller. Six drawn shapes, from scratch: top-1 97.0 after 4 minutes on one CPU core.

    mmuniformer make-mini-data imagenet
    mim train mmpretrain configs/cls/mini_uniformer_xxs_in1k.py
"""

_base_ = ['../_base_/cls/uniformer_light_cls.py', '../_base_/cls/mini_imagenet.py']

model = dict(
    backbone=dict(arch=dict(_delete_=True, dims=(14, 28, 56, 112), head_dim=14)),
    head=dict(num_classes=_base_.num_classes, in_channels=112),
    train_cfg=None,
)
