"""Frozen UniFormerV2-L/14 at 336 pixels, 8 frames, Kinetics-400, from Kinetics-710: Table
Kinetics-400 of the authors' model zoo, row 8×1×3.

Expected on Kinetics-400 val: top-1 87.8. 354.4 M parameters, 50.9 M of them trained, 1567 G FLOPs a
view, 4701 G for 3 clips of 1 crop.

    mim train mmaction2 configs/video/uniformerv2_l14_336_8_k400_k710_pre_frozen.py

Settings from the code. Batch 512 on 16 GPUs.

Starts from the authors' Kinetics-710 model, with its classifier reduced to these classes by name:

    mmuniformer permute-head --from k710 --to k400 \
        --out checkpoints/uniformerv2_l14_336_8_k710_frozen_to_k400.pth \
        frozen_k710_uniformerv2_l14_8x336.pyth
"""

_base_ = '../_base_/video/runtime.py'
from mmuniformer.recipes.video import loaders, schedule, sparse, uniformerv2

model = uniformerv2('l14_336', classes=400, fusion='global', frozen_stages=24)
load_from = 'checkpoints/uniformerv2_l14_336_8_k710_frozen_to_k400.pth'
train_pipeline, val_pipeline, test_pipeline = sparse(
    frames=8, clips=3, crops=1, side=336, erase=False
)
train_dataloader, val_dataloader, test_dataloader = loaders(
    'k400', train_pipeline, val_pipeline, test_pipeline, batch_size=32, repeats=1
)
optim_wrapper, param_scheduler, train_cfg, auto_scale_lr = schedule(
    epochs=5, warmup=1, lr=5e-5, base_batch_size=512, scale_end=True, val_interval=1
)
default_hooks = dict(checkpoint=dict(interval=1))
