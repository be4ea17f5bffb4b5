"""UniFormer-S, 16 frames of stride 4, UCF101 split 1: README of the authors only.

No published number in the paper; expected on split 1: top-1 98.3. 21.2 M parameters, 625 G FLOPs
for 5 clips of 3 crops.

    mim train mmaction2 configs/video/uniformer_s_16x4_ucf101.py

Settings from the code.
"""

_base_ = ['../_base_/video/recognizer_uniformer_ucf101.py', '../_base_/video/ucf101.py']
weights = 'https://download.openmmlab.com/mmaction/v1.0/recognition/uniformerv1/uniformer-small_imagenet1k-pre_16x4x1_kinetics400-rgb_20221219-c630a037.pth'

model = dict(
    backbone=dict(drop_path_rate=0.2, init_cfg=dict(type='Pretrained', checkpoint=weights))
)
