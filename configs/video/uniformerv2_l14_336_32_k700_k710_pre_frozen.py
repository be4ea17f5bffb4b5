"""Frozen UniFormerV2-L/14 at 336 pixels, 32 frames, Kinetics-700, from Kinetics-710: Table
Kinetics-700 of the authors' model zoo, row 32×3×4.

Expected on Kinetics-700 val: top-1 80.8. 354.7 M parameters, 51.2 M of them trained, 6267.8 G FLOPs
a view, 75214 G for 4 clips of 3 crops.

    mim train mmaction2 configs/video/uniformerv2_l14_336_32_k700_k710_pre_frozen.py

Settings from the code. Batch 256 on 16 GPUs. Tested as in the model zoo; the script has 3 clips of
1 crop.

Starts from the Kinetics-710 model, with its classifier reduced to these classes by name. In the
authors' file, frozen_k710_uniformerv2_l14_8x336.pyth, the order of the rows is known for
Kinetics-400 only, so train the model yourself or list the names of its rows:

    mmuniformer permute-head --from k710 --to k700 \
        --out checkpoints/uniformerv2_l14_336_8_k710_frozen_to_k700.pth \
        work_dirs/uniformerv2_l14_336_8_k710_frozen/epoch_50.pth
"""

_base_ = '../_base_/video/runtime.py'
from mmuniformer.recipes.video import loaders, schedule, sparse, uniformerv2

model = uniformerv2('l14_336', classes=700, fusion='global', frozen_stages=24)
load_from = 'checkpoints/uniformerv2_l14_336_8_k710_frozen_to_k700.pth'
train_pipeline, val_pipeline, test_pipeline = sparse(
    frames=32, clips=4, crops=3, side=336, erase=False
)
train_dataloader, val_dataloader, test_dataloader = loaders(
    'k700', train_pipeline, val_pipeline, test_pipeline, batch_size=16, repeats=1, val_batch_size=1
)
optim_wrapper, param_scheduler, train_cfg, auto_scale_lr = schedule(
    epochs=5, warmup=1, lr=5e-5, base_batch_size=256, scale_end=True, val_interval=1
)
default_hooks = dict(checkpoint=dict(interval=1))
