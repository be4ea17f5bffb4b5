"""UniFormer-S, 32 frames of stride 4, Kinetics-400: paper, Table 13, row 32×1×4, stride 4.

Expected on Kinetics-400 val: top-1 82.0, top-5 95.1. 21.4 M parameters, 438 G FLOPs for 4 clips.

    mim train mmaction2 configs/video/uniformer_s_32x4_k400.py

Drop path 0.1 in paper and code. No weights were released.
"""

_base_ = '../_base_/video/runtime.py'
from mmuniformer.recipes.video import dense, loaders, schedule, uniformer

model = uniformer('small', classes=400, drop_path_rate=0.1, weights='uniformer_small_in1k')
train_pipeline, val_pipeline, test_pipeline = dense(frames=32, stride=4, clips=4, crops=1)
train_dataloader, val_dataloader, test_dataloader = loaders(
    'k400', train_pipeline, val_pipeline, test_pipeline, batch_size=4
)
optim_wrapper, param_scheduler, train_cfg, auto_scale_lr = schedule(
    epochs=110, warmup=10, lr=1e-4, base_batch_size=32
)
