"""UniFormerV2-L/14, 8 frames, Kinetics-710, from CLIP: the authors' model zoo.

No published number: the model is the starting point of others. 354.4 M parameters, 665.6 G FLOPs a
view, 7988 G for 4 clips of 3 crops.

    mim train mmaction2 configs/video/uniformerv2_l14_8_k710.py

Settings from the code. Batch 512 on 32 GPUs. 4 clips of 3 crops from the script.
mmuniformer make-k710 writes the lists. Starts from CLIP's ViT as published by mmaction2.
"""

_base_ = '../_base_/video/runtime.py'
from mmuniformer.recipes.video import loaders, schedule, sparse, uniformerv2

model = uniformerv2('l14', classes=710, weights='clip_l14')
train_pipeline, val_pipeline, test_pipeline = sparse(frames=8, clips=4, crops=3, erase=False)
train_dataloader, val_dataloader, test_dataloader = loaders(
    'k710', train_pipeline, val_pipeline, test_pipeline, batch_size=16, repeats=1
)
optim_wrapper, param_scheduler, train_cfg, auto_scale_lr = schedule(
    epochs=40, warmup=5, lr=1e-5, base_batch_size=512, scale_end=True
)
