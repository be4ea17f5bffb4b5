"""UniFormerV2-L/14, 16 frames, Something-Something V1, from CLIP: Table Something-Something V1 of
the authors' model zoo, row 16×3×1.

Expected on Something-Something V1 val: top-1 60.5. 573.9 M parameters, 858.2 G FLOPs a view, 2575 G
for 1 clip of 3 crops.

    mim train mmaction2 configs/video/uniformerv2_l14_16_ssv1.py

Settings from the code. Batch 128 on 16 GPUs. Activations of the first 15 layers are recomputed in
the backward pass. Starts from CLIP's ViT as published by mmaction2.
"""

_base_ = '../_base_/video/runtime.py'
from mmuniformer.recipes.video import loaders, schedule, sparse, uniformerv2

model = uniformerv2(
    'l14', classes=174, weights='clip_l14', bgr=True, local_mhra=2, temporal_downsample=True,
    global_layers=list(range(8, 24)), drop_path_rate=0.2, global_drop_path_rate=0.4, with_cp=15,
)  # fmt: skip
train_pipeline, val_pipeline, test_pipeline = sparse(
    frames=16, clips=1, crops=3, val_crops=3, images=True, flip=False, erase=False
)
train_dataloader, val_dataloader, test_dataloader = loaders(
    'ssv1', train_pipeline, val_pipeline, test_pipeline, batch_size=16
)
optim_wrapper, param_scheduler, train_cfg, auto_scale_lr = schedule(
    epochs=22, warmup=5, lr=2e-5, base_batch_size=256, scale_end=True
)
