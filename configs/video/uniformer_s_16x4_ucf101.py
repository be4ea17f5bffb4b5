"""UniFormer-S, 16 frames of stride 4, UCF101 split 1: README of the authors only.

No published number in the paper; expected on split 1: top-1 98.3. 21.2 M parameters, 625 G FLOPs
for 5 clips of 3 crops.

    mim train mmaction2 configs/video/uniformer_s_16x4_ucf101.py

Settings from the code.
"""

_base_ = '../_base_/video/runtime.py'
from mmuniformer.recipes.video import dense, loaders, schedule, uniformer

model = uniformer(
    'small', classes=101, drop_path_rate=0.2,
    weights='uniformer-small_imagenet1k-pre_16x4x1_kinetics400-rgb_20221219-c630a037',
)  # fmt: skip
train_pipeline, val_pipeline, test_pipeline = dense(
    frames=16, stride=4, clips=5, crops=3, magnitude=5, operations=2
)
train_dataloader, val_dataloader, test_dataloader = loaders(
    'ucf101', train_pipeline, val_pipeline, test_pipeline, batch_size=16
)
optim_wrapper, param_scheduler, train_cfg, auto_scale_lr = schedule(
    epochs=25, warmup=5, lr=5e-5, base_batch_size=128, val_interval=1
)
