"""UniFormer-B, 16 frames of stride 8, Kinetics-600: paper, Table 13, row 16×1×4, stride 8.

Expected on Kinetics-600 val: top-1 83.4, top-5 96.0. 49.9 M parameters, 387 G FLOPs for 4 clips.

    mim train mmaction2 configs/video/uniformer_b_16x8_k600.py

Drop path 0.3 from the code; the paper says twice that of S, 0.2. Batch 32 with the learning rate of
40, as in the code.
"""

_base_ = '../_base_/video/runtime.py'
from mmuniformer.recipes.video import dense, loaders, schedule, uniformer

model = uniformer('base', classes=600, drop_path_rate=0.3, weights='uniformer_base_in1k')
train_pipeline, val_pipeline, test_pipeline = dense(frames=16, stride=8, clips=4, crops=1)
train_dataloader, val_dataloader, test_dataloader = loaders(
    'k600', train_pipeline, val_pipeline, test_pipeline, batch_size=4
)
optim_wrapper, param_scheduler, train_cfg, auto_scale_lr = schedule(
    epochs=110, warmup=10, lr=1.25e-4, base_batch_size=32
)
