"""UniFormer-S, local neighborhoods of 9, 16 frames of stride 4, Kinetics-400, 50 epochs: paper,
Table 10.

Expected on Kinetics-400 val: top-1 78.9, where uniformer_s_16x4_k400_50e has 79.3. 46.6 G FLOPs for
one view.

    mim train mmaction2 configs/video/uniformer_s_abl_k9_16x4_k400_50e.py

Tested on four clips; the paper does not say how many. The initial weights were never released; see
the README in this folder.
"""

_base_ = '../_base_/video/runtime.py'
from mmuniformer.recipes.video import dense, loaders, schedule, uniformer

model = uniformer(
    dict(local_kernel=9), classes=400, drop_path_rate=0.1,
    weights='checkpoints/uniformer_s_abl_k9_in1k.pth',
)  # fmt: skip
train_pipeline, val_pipeline, test_pipeline = dense(frames=16, stride=4, clips=4, crops=1)
train_dataloader, val_dataloader, test_dataloader = loaders(
    'k400', train_pipeline, val_pipeline, test_pipeline, batch_size=4
)
optim_wrapper, param_scheduler, train_cfg, auto_scale_lr = schedule(
    epochs=50, warmup=10, lr=1e-4, base_batch_size=32
)
