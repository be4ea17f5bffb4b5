"""UniFormer-S, 8 frames, Something-Something V1, from 8×8 on Kinetics-400: paper, Table 12, row
8×3×1, 3D.

Expected on Something-Something V1 val: top-1 51.5, top-5 79.5, with 3 crops.

    mim train mmaction2 configs/video/uniformer_s_8_ssv1_k400_pre.py

Trained as uniformer_s_16_ssv1_k400_pre. The initial weights are the authors'; see the README in
this folder.
"""

_base_ = '../_base_/video/runtime.py'
from mmuniformer.recipes.video import loaders, schedule, sparse, uniformer

model = uniformer(
    'small', classes=174, bgr=True, drop_path_rate=0.2, weights='uniformer_small_k400_8x8'
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
