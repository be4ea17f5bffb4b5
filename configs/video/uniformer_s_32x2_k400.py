"""UniFormer-S, 32 frames of stride 2, Kinetics-400: paper, Table 13, row 32×1×4, stride 2.

Expected on Kinetics-400 val: top-1 81.2, top-5 94.7. 21.4 M parameters, 438.4 G FLOPs for 4 clips.

    mim train mmaction2 configs/video/uniformer_s_32x2_k400.py

Its settings were not published; these are those of uniformer_s_32x4_k400.
"""

_base_ = '../_base_/video/runtime.py'
from mmuniformer.recipes.video import dense, loaders, schedule, uniformer

model = uniformer('small', classes=400, drop_path_rate=0.1, weights='uniformer_small_in1k')
train_pipeline, val_pipeline, test_pipeline = dense(frames=32, stride=2, clips=4, crops=1)
train_dataloader, val_dataloader, test_dataloader = loaders(
    'k400', train_pipeline, val_pipeline, test_pipeline, batch_size=4
)
optim_wrapper, param_scheduler, train_cfg, auto_scale_lr = schedule(
    epochs=110, warmup=10, lr=1e-4, base_batch_size=32
)
