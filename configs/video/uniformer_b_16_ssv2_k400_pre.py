"""UniFormer-B, 16 frames, Something-Something V2, from Kinetics-400: paper, Table 4, row 16×3×1.

Expected on Something-Something V2 val: top-1 70.4, top-5 92.8. 49.7 M parameters, 290 G FLOPs for 3
crops.

    mim train mmaction2 configs/video/uniformer_b_16_ssv2_k400_pre.py

Drop path 0.4 from the code, 0.6 in the paper.
"""

_base_ = '../_base_/video/runtime.py'
from mmuniformer.recipes.video import loaders, schedule, sparse, uniformer

model = uniformer(
    'base', classes=174, bgr=True, drop_path_rate=0.4,
    weights='uniformer-base_imagenet1k-pre_16x4x1_kinetics400-rgb_20221219-157c2e66',
)  # fmt: skip
train_pipeline, val_pipeline, test_pipeline = sparse(
    frames=16, clips=1, crops=3, val_crops=3, flip=False
)
train_dataloader, val_dataloader, test_dataloader = loaders(
    'ssv2', train_pipeline, val_pipeline, test_pipeline, batch_size=5
)
optim_wrapper, param_scheduler, train_cfg, auto_scale_lr = schedule(
    epochs=50, warmup=5, lr=2.5e-4, base_batch_size=40
)
