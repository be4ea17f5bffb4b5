"""UniFormerV2-L/14 at 336 pixels, 32 frames, Kinetics-700, from Kinetics-710: Table Kinetics-700 of
the authors' model zoo, row 32×3×2.

Expected on Kinetics-700 val: top-1 82.1. 354.7 M parameters, 6267.8 G FLOPs a view, 37607 G for 2
clips of 3 crops.

    mim train mmaction2 configs/video/uniformerv2_l14_336_32_k700_k710_pre.py

Settings from the code. Batch 128 on 32 GPUs. Activations of all layers are recomputed in the
backward pass. Tested as in the model zoo; the script has 4 clips of 3 crops.

Starts from the 8-frame Kinetics-710 model, with its classifier reduced to these classes by name:

    mmuniformer permute-head --from k710 --to k700 \
        --out checkpoints/uniformerv2_l14_336_8_k710_to_k700.pth \
        https://download.openmmlab.com/mmaction/v1.0/recognition/uniformerv2/kinetics710/uniformerv2-large-p14-res336_clip-pre_u8_kinetics710-rgb_20230612-d723ddc1.pth
"""

_base_ = '../_base_/video/runtime.py'
from mmuniformer.recipes.video import loaders, schedule, sparse, uniformerv2

model = uniformerv2('l14_336', classes=700, with_cp=True)
load_from = 'checkpoints/uniformerv2_l14_336_8_k710_to_k700.pth'
train_pipeline, val_pipeline, test_pipeline = sparse(
    frames=32, clips=2, crops=3, side=336, erase=False
)
train_dataloader, val_dataloader, test_dataloader = loaders(
    'k700', train_pipeline, val_pipeline, test_pipeline, batch_size=4, repeats=1, val_batch_size=1
)
optim_wrapper, param_scheduler, train_cfg, auto_scale_lr = schedule(
    epochs=5, warmup=1, lr=1.5e-6, base_batch_size=128, scale_end=True, val_interval=1
)
default_hooks = dict(checkpoint=dict(interval=1))
