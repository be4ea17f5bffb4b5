"""UniFormerV2-L/14 at 336 pixels, 8 frames, Kinetics-710, from CLIP: the authors' model zoo.

No published number: the model is the starting point of others. 354.7 M parameters, 1567 G FLOPs a
view, 18804 G for 4 clips of 3 crops.

    mim train mmaction2 configs/video/uniformerv2_l14_336_8_k710.py

Settings from the code. Batch 256 on 32 GPUs. 4 clips of 3 crops from the script.
mmuniformer make-k710 writes the lists. Starts from CLIP's ViT as published by mmaction2.
"""

_base_ = '../_base_/video/runtime.py'
from mmuniformer.recipes.video import loaders, schedule, sparse, uniformerv2

model = uniformerv2('l14_336', classes=710, weights='clip_l14_336')
train_pipeline, val_pipeline, test_pipeline = sparse(
    frames=8, clips=4, crops=3, side=336, erase=False
)
train_dataloader, val_dataloader, test_dataloader = loaders(
    'k710', train_pipeline, val_pipeline, test_pipeline, batch_size=8, repeats=1
)
optim_wrapper, param_scheduler, train_cfg, auto_scale_lr = schedule(
    epochs=40, warmup=5, lr=5e-6, base_batch_size=256, scale_end=True
)
