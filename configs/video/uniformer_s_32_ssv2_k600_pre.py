"""UniFormer-S, 32 frames, Something-Something V2, from Kinetics-600: README of the authors only.

No published number in the paper; expected on Something-Something V2 val: top-1 70.4.
21.3 M parameters, 329 G FLOPs for 3 crops.

    mim train mmaction2 configs/video/uniformer_s_32_ssv2_k600_pre.py

Drop path 0.3 in paper and code. The initial weights are the authors'; see the README in this
folder.
"""

_base_ = '../_base_/video/runtime.py'
from mmuniformer.recipes.video import loaders, schedule, sparse, uniformer

model = uniformer(
    'small', classes=174, bgr=True, drop_path_rate=0.3, weights='uniformer_small_k600_16x4'
)
train_pipeline, val_pipeline, test_pipeline = sparse(
    frames=32, clips=1, crops=3, val_crops=3, flip=False
)
train_dataloader, val_dataloader, test_dataloader = loaders(
    'ssv2', train_pipeline, val_pipeline, test_pipeline, batch_size=4
)
optim_wrapper, param_scheduler, train_cfg, auto_scale_lr = schedule(
    epochs=50, warmup=5, lr=2e-4, base_batch_size=32
)
