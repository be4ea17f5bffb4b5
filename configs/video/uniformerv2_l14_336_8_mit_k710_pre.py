"""UniFormerV2-L/14 at 336 pixels, 8 frames, Moments in Time V1, from Kinetics-710 and Kinetics-400:
Table Moments in Time V1 of the authors' model zoo, row 8×3×4.

Expected on Moments in Time V1 val: top-1 47.8. 354.4 M parameters, 1567 G FLOPs a view, 18804 G for
4 clips of 3 crops.

    mim train mmaction2 configs/video/uniformerv2_l14_336_8_mit_k710_pre.py

Settings from the code. Batch 512 on 32 GPUs. Activations of the first 21 layers are recomputed in
the backward pass. The published run starts from an 8-frame Kinetics-400 model that was not
released; this one starts from the 32-frame model.
"""

_base_ = '../_base_/video/runtime.py'
from mmuniformer.recipes.video import loaders, schedule, sparse, uniformerv2

model = uniformerv2(
    'l14_336', classes=339, with_cp=21,
    weights='uniformerv2-large-p14-res336_clip-kinetics710-pre_u32_kinetics400-rgb_20221219-1dd7650f',
)  # fmt: skip
train_pipeline, val_pipeline, test_pipeline = sparse(
    frames=8, clips=4, crops=3, side=336, erase=False
)
train_dataloader, val_dataloader, test_dataloader = loaders(
    'mit', train_pipeline, val_pipeline, test_pipeline, batch_size=16, repeats=1
)
optim_wrapper, param_scheduler, train_cfg, auto_scale_lr = schedule(
    epochs=18, warmup=5, lr=1e-5, base_batch_size=512, scale_end=True
)
