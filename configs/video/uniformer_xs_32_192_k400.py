"""UniFormer-XS, 32 frames of 192 pixels, Kinetics-400: README of the authors only.

No published number in the paper; expected on Kinetics-400 val: top-1 78.6 with 34.2 G FLOPs, of one
clip and one crop.

    mim train mmaction2 configs/video/uniformer_xs_32_192_k400.py

Settings from the code. The initial weights are the authors'; see the README in this folder, also
for the role of the second classifier.
"""

_base_ = '../_base_/video/runtime.py'
from mmuniformer.recipes.video import loaders, schedule, sparse, uniformer_light

model = uniformer_light('xs', classes=400, drop_path_rate=0.1, weights='uniformer_xs_192_in1k')
train_pipeline, val_pipeline, test_pipeline = sparse(frames=32, clips=1, crops=1, side=192)
train_dataloader, val_dataloader, test_dataloader = loaders(
    'k400', train_pipeline, val_pipeline, test_pipeline, batch_size=16
)
optim_wrapper, param_scheduler, train_cfg, auto_scale_lr = schedule(
    epochs=110, warmup=10, lr=4e-4, base_batch_size=128
)
