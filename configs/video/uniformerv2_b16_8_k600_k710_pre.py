"""UniFormerV2-B/16, 8 frames, Kinetics-600, from Kinetics-710: Table Kinetics-600 of the authors'
model zoo, row 8×3×4.

Expected on Kinetics-600 val: top-1 86.1. 114.7 M parameters, 148.1 G FLOPs a view, 1777 G for 4
clips of 3 crops.

    mim train mmaction2 configs/video/uniformerv2_b16_8_k600_k710_pre.py

Settings from the code. Batch 256 on 8 GPUs.

Starts from the 8-frame Kinetics-710 model, with its classifier reduced to these classes by name:

    mmuniformer permute-head --from k710 --to k600 \
        --out checkpoints/uniformerv2_b16_8_k710_to_k600.pth \
        https://download.openmmlab.com/mmaction/v1.0/recognition/uniformerv2/uniformerv2-base-p16-res224_clip-pre_u8_kinetics710-rgb/uniformerv2-base-p16-res224_clip-pre_u8_kinetics710-rgb_20230612-63cdbad9.pth
"""

_base_ = '../_base_/video/runtime.py'
from mmuniformer.recipes.video import loaders, schedule, sparse, uniformerv2

model = uniformerv2('b16', classes=600)
load_from = 'checkpoints/uniformerv2_b16_8_k710_to_k600.pth'
train_pipeline, val_pipeline, test_pipeline = sparse(frames=8, clips=4, crops=3, erase=False)
train_dataloader, val_dataloader, test_dataloader = loaders(
    'k600', train_pipeline, val_pipeline, test_pipeline, batch_size=32, repeats=1
)
optim_wrapper, param_scheduler, train_cfg, auto_scale_lr = schedule(
    epochs=5, warmup=1, lr=2e-6, base_batch_size=256, scale_end=True, val_interval=1
)
default_hooks = dict(checkpoint=dict(interval=1))
