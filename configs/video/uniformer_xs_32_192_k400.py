"""UniFormer-XS, 32 frames of 192 pixels, Kinetics-400: README of the authors only.

No published number in the paper; expected on Kinetics-400 val: top-1 78.6 with 34.2 G FLOPs, of one
clip and one crop.

    mim train mmaction2 configs/video/uniformer_xs_32_192_k400.py

Settings from the code. The initial weights are the authors'; see the README in this folder, also
for the role of the second classifier.
"""

_base_ = ['../_base_/video/recognizer_uniformer_light.py', '../_base_/video/k400_sparse_192.py']
weights = 'checkpoints/uniformer_xs_192_in1k.pth'

init_cfg = dict(type='Pretrained', checkpoint=weights)
model = dict(
    backbone=dict(arch='xs', drop_path_rate=0.1, init_cfg=init_cfg), cls_head=dict(in_channels=512)
)
