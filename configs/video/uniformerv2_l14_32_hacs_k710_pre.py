"""UniFormerV2-L/14, 32 frames, HACS, from Kinetics-710 and Kinetics-400: Table HACS of the authors'
model zoo, row 32×3×10.

Expected on HACS val: top-1 95.4. 353.9 M parameters, 2662.4 G FLOPs a view, 79872 G for 10 clips of
3 crops.

    mim train mmaction2 configs/video/uniformerv2_l14_32_hacs_k710_pre.py

Settings from the code. Batch 64 on 32 GPUs. Activations of the first layer are recomputed in the
backward pass. Starts from the 32-frame Kinetics-400 model, without its classifier.
"""

_base_ = ['../_base_/video/v2_recognizer_l14.py', '../_base_/video/v2_anet_32.py']
weights = 'https://download.openmmlab.com/mmaction/v1.0/recognition/uniformerv2/kinetics400/uniformerv2-large-p14-res224_clip-kinetics710-pre_u32_kinetics400-rgb_20221219-56a46f64.pth'

model = dict(
    backbone=dict(
        drop_path_rate=0.2,
        global_drop_path_rate=0.4,
        with_cp=1,
        init_cfg=dict(type='Pretrained', checkpoint=weights),
    ),
    cls_head=dict(num_classes=200),
)
train_dataloader = dict(dataset=_base_.hacs_train)
val_dataloader = dict(dataset=_base_.hacs_val)
test_dataloader = dict(dataset=_base_.hacs_val)
