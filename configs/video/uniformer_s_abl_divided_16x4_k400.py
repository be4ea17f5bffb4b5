"""UniFormer-S, divided space-time attention, 16 frames of stride 4, Kinetics-400: paper, Table 11.

Expected on Kinetics-400 val: top-1 80.1. 36.8 G FLOPs for one view.

    mim train mmaction2 configs/video/uniformer_s_abl_divided_16x4_k400.py

Temporal attention is trained from scratch.
"""

_base_ = '../_base_/video/runtime.py'
from mmuniformer.recipes.video import dense, loaders, schedule, uniformer

model = uniformer(
    'small', classes=400, attention='divided', drop_path_rate=0.1, weights='uniformer_small_in1k'
)
train_pipeline, val_pipeline, test_pipeline = dense(frames=16, stride=4, clips=4, crops=1)
train_dataloader, val_dataloader, test_dataloader = loaders(
    'k400', train_pipeline, val_pipeline, test_pipeline, batch_size=4
)
optim_wrapper, param_scheduler, train_cfg, auto_scale_lr = schedule(
    epochs=110, warmup=10, lr=1e-4, base_batch_size=32
)
