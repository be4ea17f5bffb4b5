"""UniFormerV2-B/16, 8 frames, Moments in Time V1, from Kinetics-710 and Kinetics-400: Table Moments
in Time V1 of the authors' model zoo, row 8×3×4.

Expected on Moments in Time V1 val: top-1 42.6. 114.5 M parameters, 148.1 G FLOPs a view, 1777 G for
4 clips of 3 crops.

    mim train mmaction2 configs/video/uniformerv2_b16_8_mit_k710_pre.py

Settings from the code. Batch 512 on 16 GPUs. Starts from the 8-frame Kinetics-400 model, without
its classifier.
"""

_base_ = '../_base_/video/runtime.py'
from mmuniformer.recipes.video import loaders, schedule, sparse, uniformerv2

model = uniformerv2(
    'b16', classes=339,
    weights='uniformerv2-base-p16-res224_clip-kinetics710-pre_8xb32-u8_kinetics400-rgb_20230313-75be0806',
)  # fmt: skip
train_pipeline, val_pipeline, test_pipeline = sparse(frames=8, clips=4, crops=3, erase=False)
train_dataloader, val_dataloader, test_dataloader = loaders(
    'mit', train_pipeline, val_pipeline, test_pipeline, batch_size=32, repeats=1
)
optim_wrapper, param_scheduler, train_cfg, auto_scale_lr = schedule(
    epochs=24, warmup=5, lr=2e-5, base_batch_size=512, scale_end=True
)
