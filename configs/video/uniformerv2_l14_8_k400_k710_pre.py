"""UniFormerV2-L/14, 8 frames, Kinetics-400, from Kinetics-710: Table Kinetics-400 of the authors'
model zoo, row 8×3×4.

Expected on Kinetics-400 val: top-1 88.8. 354.1 M parameters, 665.6 G FLOPs a view, 7988 G for 4
clips of 3 crops.

    mim train mmaction2 configs/video/uniformerv2_l14_8_k400_k710_pre.py

Settings from the code. Batch 256 on 16 GPUs. The code starts with a new classifier, its
documentation with that of Kinetics-710, as here.

Starts from the 8-frame Kinetics-710 model, with its classifier reduced to these classes by name:

    mmuniformer permute-head --from k710 --to k400 \
        --out checkpoints/uniformerv2_l14_8_k710_to_k400.pth \
        https://download.openmmlab.com/mmaction/v1.0/recognition/uniformerv2/kinetics710/uniformerv2-large-p14-res224_clip-pre_u8_kinetics710-rgb_20230612-d002a407.pth
"""

_base_ = '../_base_/video/runtime.py'
from mmuniformer.recipes.video import loaders, schedule, sparse, uniformerv2

model = uniformerv2('l14', classes=400)
load_from = 'checkpoints/uniformerv2_l14_8_k710_to_k400.pth'
train_pipeline, val_pipeline, test_pipeline = sparse(frames=8, clips=4, crops=3, erase=False)
train_dataloader, val_dataloader, test_dataloader = loaders(
    'k400', train_pipeline, val_pipeline, test_pipeline, batch_size=16, repeats=1
)
optim_wrapper, param_scheduler, train_cfg, auto_scale_lr = schedule(
    epochs=5, warmup=1, lr=1.5e-6, base_batch_size=256, scale_end=True, val_interval=1
)
default_hooks = dict(checkpoint=dict(interval=1))
