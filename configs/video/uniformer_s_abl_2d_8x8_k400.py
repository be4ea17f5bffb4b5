"""UniFormer-S, 2D filters after the stem, 8 frames of stride 8, Kinetics-400: paper, Table 12, row
8×1×4.

Expected on Kinetics-400 val: top-1 78.5, top-5 93.2, where uniformer_s_8x8_k400 has 78.4, 93.3.

    mim train mmaction2 configs/video/uniformer_s_abl_2d_8x8_k400.py

Trained as uniformer_s_8x8_k400.
"""

_base_ = '../_base_/video/runtime.py'
from mmuniformer.recipes.video import dense, loaders, schedule, uniformer

model = uniformer(
    dict(inflated=[]), classes=400, drop_path_rate=0.1, weights='uniformer_small_in1k'
)
train_pipeline, val_pipeline, test_pipeline = dense(frames=8, stride=8, clips=4, crops=1)
train_dataloader, val_dataloader, test_dataloader = loaders(
    'k400', train_pipeline, val_pipeline, test_pipeline, batch_size=16
)
optim_wrapper, param_scheduler, train_cfg, auto_scale_lr = schedule(
    epochs=100, warmup=10, lr=4e-4, base_batch_size=128
)
