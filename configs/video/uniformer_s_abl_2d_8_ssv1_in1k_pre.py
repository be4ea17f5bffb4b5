"""UniFormer-S, 2D filters after the stem, 8 frames, Something-Something V1, from ImageNet: paper,
Table 12, row 8×3×1, 2D.

Expected on Something-Something V1 val: top-1 51.4, top-5 79.6, with 3 crops.

    mim train mmaction2 configs/video/uniformer_s_abl_2d_8_ssv1_in1k_pre.py

Trained as uniformer_s_16_ssv1_k400_pre.
"""

_base_ = '../_base_/video/runtime.py'
from mmuniformer.recipes.video import loaders, schedule, sparse, uniformer

model = uniformer(
    dict(inflated=[]), classes=174, bgr=True, drop_path_rate=0.2, weights='uniformer_small_in1k'
)
train_pipeline, val_pipeline, test_pipeline = sparse(
    frames=8, clips=1, crops=3, val_crops=3, images=True, flip=False
)
train_dataloader, val_dataloader, test_dataloader = loaders(
    'ssv1', train_pipeline, val_pipeline, test_pipeline, batch_size=8
)
optim_wrapper, param_scheduler, train_cfg, auto_scale_lr = schedule(
    epochs=60, warmup=5, lr=2e-4, base_batch_size=64
)
