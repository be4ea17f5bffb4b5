"""UniFormer-B, 16 frames of stride 8, Kinetics-400: paper, Table 13, row 16×1×4, stride 8.

Expected on Kinetics-400 val: top-1 81.7, top-5 94.8. 49.8 M parameters, 387 G FLOPs for 4 clips.

    mim train mmaction2 configs/video/uniformer_b_16x8_k400.py

Drop path 0.3 from the code; the paper says twice that of S, 0.2.
"""

_base_ = '../_base_/video/runtime.py'
from mmuniformer.recipes.video import dense, loaders, schedule, uniformer

model = uniformer('base', classes=400, drop_path_rate=0.3, weights='uniformer_base_in1k')
train_pipeline, val_pipeline, test_pipeline = dense(frames=16, stride=8, clips=4, crops=1)
train_dataloader, val_dataloader, test_dataloader = loaders(
    'k400', train_pipeline, val_pipeline, test_pipeline, batch_size=5
)
optim_wrapper, param_scheduler, train_cfg, auto_scale_lr = schedule(
    epochs=110, warmup=10, lr=1.25e-4, base_batch_size=40
)
