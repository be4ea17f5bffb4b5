"""UniFormerV2-B/16, 8 frames, Kinetics-700, from Kinetics-710: Table Kinetics-700 of the authors'
model zoo, row 8×3×4.

Expected on Kinetics-700 val: top-1 76.3. 114.8 M parameters, 148.1 G FLOPs a view, 1777 G for 4
clips of 3 crops.

    mim train mmaction2 configs/video/uniformerv2_b16_8_k700_k710_pre.py

Settings from the code. Batch 256 on 8 GPUs.

Starts from the 8-frame Kinetics-710 model, with its classifier reduced to these classes by name:

    mmuniformer permute-head --from k710 --to k700 \
        --out checkpoints/uniformerv2_b16_8_k710_to_k700.pth \
        https://download.openmmlab.com/mmaction/v1.0/recognition/uniformerv2/uniformerv2-base-p16-res224_clip-pre_u8_kinetics710-rgb/uniformerv2-base-p16-res224_clip-pre_u8_kinetics710-rgb_20230612-63cdbad9.pth
"""

_base_ = ['../_base_/video/v2_recognizer.py', '../_base_/video/v2_k710_pre.py']
load_from = 'checkpoints/uniformerv2_b16_8_k710_to_k700.pth'
lr = 2e-6

model = dict(cls_head=dict(num_classes=700))
train_dataloader = dict(batch_size=32, dataset=_base_.k700_train)
val_dataloader = dict(dataset=_base_.k700_val)
test_dataloader = dict(dataset=_base_.k700_val)
optim_wrapper = dict(optimizer=dict(lr=lr))
param_scheduler = _base_.param_scheduler
param_scheduler[0]['start_factor'] = param_scheduler[1]['eta_min_ratio'] = 1e-6 / lr
