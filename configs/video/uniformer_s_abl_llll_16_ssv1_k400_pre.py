"""UniFormer-S, local blocks everywhere, 16 frames, Something-Something V1, from Kinetics-400:
paper, Table 11.

Expected on Something-Something V1 val: top-1 49.2, top-5 77.6. 26.1 G FLOPs for one crop, as
tested.

    mim train mmaction2 configs/video/uniformer_s_abl_llll_16_ssv1_k400_pre.py

Trained as uniformer_s_16_ssv1_k400_pre. The initial weights were never released; see the README in
this folder.
"""

_base_ = '../_base_/video/runtime.py'
from mmuniformer.recipes.video import loaders, schedule, sparse, uniformer

model = uniformer(
    dict(stage_types=['local'] * 4), classes=174, bgr=True, drop_path_rate=0.2,
    weights='checkpoints/uniformer_s_abl_llll_16x4_k400.pth',
)  # fmt: skip
train_pipeline, val_pipeline, test_pipeline = sparse(
    frames=16, clips=1, crops=1, images=True, flip=False
)
train_dataloader, val_dataloader, test_dataloader = loaders(
    'ssv1', train_pipeline, val_pipeline, test_pipeline, batch_size=8
)
optim_wrapper, param_scheduler, train_cfg, auto_scale_lr = schedule(
    epochs=60, warmup=5, lr=2e-4, base_batch_size=64
)
