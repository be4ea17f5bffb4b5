"""UniFormer-XXS, 4 frames of 160 pixels, Kinetics-400: README of the authors only.

No published number in the paper; expected on Kinetics-400 val: top-1 65.8 with 1.6 G FLOPs, of one
clip and one crop.

    mim train mmaction2 configs/video/uniformer_xxs_4_160_k400.py

Settings from the code. With layer scale 0.1. The initial weights are the authors'; see the README
in this folder, also for the role of the second classifier.
"""

_base_ = '../_base_/video/runtime.py'
from mmuniformer.recipes.video import loaders, schedule, sparse, uniformer_light

model = uniformer_light(
    'xxs_ls', classes=400, drop_path_rate=0.05, weights='uniformer_xxs_160_in1k'
)
train_pipeline, val_pipeline, test_pipeline = sparse(
    frames=4, clips=1, crops=1, side=160, magnitude=10, operations=2
)
train_dataloader, val_dataloader, test_dataloader = loaders(
    'k400', train_pipeline, val_pipeline, test_pipeline, batch_size=32
)
optim_wrapper, param_scheduler, train_cfg, auto_scale_lr = schedule(
    epochs=110, warmup=10, lr=4e-4, base_batch_size=256, weight_decay=0.1
)
