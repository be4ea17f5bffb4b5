"""UniFormerV2-L/14, 8 frames, Moments in Time V1, from Kinetics-710 and Kinetics-400: Table Moments
in Time V1 of the authors' model zoo, row 8×3×4.

Expected on Moments in Time V1 val: top-1 47.0. 354.0 M parameters, 665.6 G FLOPs a view, 7988 G for
4 clips of 3 crops.

    mim train mmaction2 configs/video/uniformerv2_l14_8_mit_k710_pre.py

Settings from the code. Batch 512 on 32 GPUs. Starts from the 8-frame Kinetics-400 model, without
its classifier.
"""

_base_ = ['../_base_/video/v2_recognizer_l14.py', '../_base_/video/v2_mit.py']
weights = 'https://download.openmmlab.com/mmaction/v1.0/recognition/uniformerv2/kinetics400/uniformerv2-large-p14-res224_clip-kinetics710-pre_u8_kinetics400-rgb_20221219-972ea063.pth'

model = dict(
    backbone=dict(init_cfg=dict(type='Pretrained', checkpoint=weights)),
    cls_head=dict(num_classes=339),
)
