"""UniFormerV2-B/16, 32 frames, Something-Something V2, from CLIP: Table Something-Something V2 of
the authors' model zoo, row 32×3×1.

Expected on Something-Something V2 val: top-1 70.7. 163.0 M parameters, 374.4 G FLOPs a view, 1123 G
for 1 clip of 3 crops.

    mim train mmaction2 configs/video/uniformerv2_b16_32_ssv2.py

Settings from the code. Batch 128 on 16 GPUs. Starts from CLIP's ViT as published by mmaction2.
"""

_base_ = '../_base_/video/runtime.py'
from mmuniformer.recipes.video import loaders, schedule, sparse, uniformerv2

model = uniformerv2(
    'b16', classes=174, weights='clip_b16', bgr=True, local_mhra=2, temporal_downsample=True,
    global_layers=list(range(4, 12)), drop_path_rate=0.2, global_drop_path_rate=0.4,
)  # fmt: skip
train_pipeline, val_pipeline, test_pipeline = sparse(
    frames=32, clips=1, crops=3, val_crops=3, flip=False, erase=False
)
train_dataloader, val_dataloader, test_dataloader = loaders(
    'ssv2', train_pipeline, val_pipeline, test_pipeline, batch_size=8
)
optim_wrapper, param_scheduler, train_cfg, auto_scale_lr = schedule(
    epochs=22, warmup=5, lr=4e-5, base_batch_size=128, scale_end=True
)
