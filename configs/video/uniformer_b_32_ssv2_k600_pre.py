"""UniFormer-B, 32 frames, Something-Something V2, from Kinetics-600: paper, Table 4, row 32×3×1.

Expected on Something-Something V2 val: top-1 71.2, top-5 92.8. 49.7 M parameters, 777 G FLOPs for 3
crops.

    mim train mmaction2 configs/video/uniformer_b_32_ssv2_k600_pre.py

Drop path 0.5 from the code, 0.6 in the paper. The initial weights are the authors'; see the README
in this folder.
"""

_base_ = '../_base_/video/runtime.py'
from mmuniformer.recipes.video import loaders, schedule, sparse, uniformer

model = uniformer(
    'base', classes=174, bgr=True, drop_path_rate=0.5, weights='uniformer_base_k600_16x4'
)
train_pipeline, val_pipeline, test_pipeline = sparse(
    frames=32, clips=1, crops=3, val_crops=3, flip=False
)
train_dataloader, val_dataloader, test_dataloader = loaders(
    'ssv2', train_pipeline, val_pipeline, test_pipeline, batch_size=4
)
optim_wrapper, param_scheduler, train_cfg, auto_scale_lr = schedule(
    epochs=50, warmup=5, lr=2e-4, base_batch_size=32
)
