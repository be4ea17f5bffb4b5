"""UniFormer-S, 8 frames of stride 8, Kinetics-400: paper, Table 12, row 3D, 8×1×4.

Expected on Kinetics-400 val: top-1 78.4, top-5 93.3. 21.4 M parameters, 70 G FLOPs for 4 clips.

    mim train mmaction2 configs/video/uniformer_s_8x8_k400.py

Drop path 0.1 in paper and code. 100 epochs from the code, 110 in the paper.
"""

_base_ = '../_base_/video/runtime.py'
from mmuniformer.recipes.video import dense, loaders, schedule, uniformer

model = uniformer('small', classes=400, drop_path_rate=0.1, weights='uniformer_small_in1k')
train_pipeline, val_pipeline, test_pipeline = dense(frames=8, stride=8, clips=4, crops=1)
train_dataloader, val_dataloader, test_dataloader = loaders(
    'k400', train_pipeline, val_pipeline, test_pipeline, batch_size=16
)
optim_wrapper, param_scheduler, train_cfg, auto_scale_lr = schedule(
    epochs=100, warmup=10, lr=4e-4, base_batch_size=128
)
