"""UniFormer-B, 32 frames of stride 4, Kinetics-600: paper, Table 3, row 32×1×4, stride 4.

Expected on Kinetics-600 val: top-1 84.8, top-5 96.7. 49.9 M parameters, 1036 G FLOPs for 4 clips.

    mim train mmaction2 configs/video/uniformer_b_32x4_k600.py

Drop path 0.3 from the code; the paper says twice that of S, 0.2. Batch 128 on 32 GPUs. The authors'
README says 84.5, reached with little tuning.
"""

_base_ = '../_base_/video/runtime.py'
from mmuniformer.recipes.video import dense, loaders, schedule, uniformer

model = uniformer('base', classes=600, drop_path_rate=0.3, weights='uniformer_base_in1k')
train_pipeline, val_pipeline, test_pipeline = dense(frames=32, stride=4, clips=4, crops=1)
train_dataloader, val_dataloader, test_dataloader = loaders(
    'k600', train_pipeline, val_pipeline, test_pipeline, batch_size=4
)
optim_wrapper, param_scheduler, train_cfg, auto_scale_lr = schedule(
    epochs=110, warmup=10, lr=4e-4, base_batch_size=128
)
