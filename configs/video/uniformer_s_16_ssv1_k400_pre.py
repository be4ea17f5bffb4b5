"""UniFormer-S, 16 frames, Something-Something V1, from Kinetics-400: paper, Tables 4 and 14, row
16×3×1.

Expected on Something-Something V1 val: top-1 57.2, top-5 84.9. 21.3 M parameters, 125 G FLOPs for 3
crops.

    mim train mmaction2 configs/video/uniformer_s_16_ssv1_k400_pre.py

Drop path 0.2 from the code, 0.3 in the paper. 60 epochs from the code, 50 in the paper.
"""

_base_ = '../_base_/video/runtime.py'
from mmuniformer.recipes.video import loaders, schedule, sparse, uniformer

model = uniformer(
    'small', classes=174, bgr=True, drop_path_rate=0.2,
    weights='uniformer-small_imagenet1k-pre_16x4x1_kinetics400-rgb_20221219-c630a037',
)  # fmt: skip
train_pipeline, val_pipeline, test_pipeline = sparse(
    frames=16, clips=1, crops=3, val_crops=3, images=True, flip=False
)
train_dataloader, val_dataloader, test_dataloader = loaders(
    'ssv1', train_pipeline, val_pipeline, test_pipeline, batch_size=8
)
optim_wrapper, param_scheduler, train_cfg, auto_scale_lr = schedule(
    epochs=60, warmup=5, lr=2e-4, base_batch_size=64
)
