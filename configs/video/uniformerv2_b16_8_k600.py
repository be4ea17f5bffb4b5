"""UniFormerV2-B/16, 8 frames, Kinetics-600, from CLIP: Table Kinetics-600 of the authors' model
zoo, row 8×3×4.

Expected on Kinetics-600 val: top-1 85.0. 114.7 M parameters, 148.1 G FLOPs a view, 1777 G for 4
clips of 3 crops.

    mim train mmaction2 configs/video/uniformerv2_b16_8_k600.py

Settings from the code. Batch 256 on 8 GPUs. Starts from CLIP's ViT as published by mmaction2.
"""

_base_ = '../_base_/video/runtime.py'
from mmuniformer.recipes.video import loaders, schedule, sparse, uniformerv2

model = uniformerv2('b16', classes=600, weights='clip_b16')
train_pipeline, val_pipeline, test_pipeline = sparse(frames=8, clips=4, crops=3, erase=False)
train_dataloader, val_dataloader, test_dataloader = loaders(
    'k600', train_pipeline, val_pipeline, test_pipeline, batch_size=32, repeats=1
)
optim_wrapper, param_scheduler, train_cfg, auto_scale_lr = schedule(
    epochs=55, warmup=5, lr=1e-5, base_batch_size=256, scale_end=True
)
