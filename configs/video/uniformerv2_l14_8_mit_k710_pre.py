"""UniFormerV2-L/14, 8 frames, Moments in Time V1, from Kinetics-710 and Kinetics-400: Table Moments
in Time V1 of the authors' model zoo, row 8×3×4.

Expected on Moments in Time V1 val: top-1 47.0. 354.0 M parameters, 665.6 G FLOPs a view, 7988 G for
4 clips of 3 crops.

    mim train mmaction2 configs/video/uniformerv2_l14_8_mit_k710_pre.py

Settings from the code. Batch 512 on 32 GPUs. Starts from the 8-frame Kinetics-400 model, without
its classifier.
"""

_base_ = '../_base_/video/runtime.py'
from mmuniformer.recipes.video import loaders, schedule, sparse, uniformerv2

model = uniformerv2(
    'l14', classes=339,
    weights='uniformerv2-large-p14-res224_clip-kinetics710-pre_u8_kinetics400-rgb_20221219-972ea063',
)  # fmt: skip
train_pipeline, val_pipeline, test_pipeline = sparse(frames=8, clips=4, crops=3, erase=False)
train_dataloader, val_dataloader, test_dataloader = loaders(
    'mit', train_pipeline, val_pipeline, test_pipeline, batch_size=16, repeats=1
)
optim_wrapper, param_scheduler, train_cfg, auto_scale_lr = schedule(
    epochs=18, warmup=5, lr=1e-5, base_batch_size=512, scale_end=True
)
