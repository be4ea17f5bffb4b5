"""UniFormer-S, 32 frames, Something-Something V1, from Kinetics-600: README of the authors only.

No published number in the paper; expected on Something-Something V1 val: top-1 59.9.
21.3 M parameters, 329 G FLOPs for 3 crops.

    mim train mmaction2 configs/video/uniformer_s_32_ssv1_k600_pre.py

Drop path 0.3 in paper and code. 60 epochs from the code, 50 in the paper. The initial weights are
the authors'; see the README in this folder.
"""

_base_ = '../_base_/video/runtime.py'
from mmuniformer.recipes.video import loaders, schedule, sparse, uniformer

model = uniformer(
    'small', classes=174, bgr=True, drop_path_rate=0.3, weights='uniformer_small_k600_16x4'
)
train_pipeline, val_pipeline, test_pipeline = sparse(
    frames=32, clips=1, crops=3, val_crops=3, images=True, flip=False
)
train_dataloader, val_dataloader, test_dataloader = loaders(
    'ssv1', train_pipeline, val_pipeline, test_pipeline, batch_size=8
)
optim_wrapper, param_scheduler, train_cfg, auto_scale_lr = schedule(
    epochs=60, warmup=5, lr=2e-4, base_batch_size=64
)
