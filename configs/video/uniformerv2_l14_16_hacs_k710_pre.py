"""UniFormerV2-L/14, 16 frames, HACS, from Kinetics-710 and Kinetics-400: Table HACS of the authors'
model zoo, row 16×3×10.

Expected on HACS val: top-1 95.5. 353.9 M parameters, 1331.2 G FLOPs a view, 39936 G for 10 clips of
3 crops.

    mim train mmaction2 configs/video/uniformerv2_l14_16_hacs_k710_pre.py

Settings from the code. Batch 64 on 16 GPUs. Activations of the first layer are recomputed in the
backward pass. Starts from the 16-frame Kinetics-400 model, without its classifier.
"""

_base_ = '../_base_/video/runtime.py'
from mmuniformer.recipes.video import loaders, schedule, sparse, uniformerv2

model = uniformerv2(
    'l14', classes=200, drop_path_rate=0.2, global_drop_path_rate=0.4, with_cp=1,
    weights='uniformerv2-large-p14-res224_clip-kinetics710-pre_u16_kinetics400-rgb_20221219-6dc86d05',
)  # fmt: skip
train_pipeline, val_pipeline, test_pipeline = sparse(frames=16, clips=10, crops=3, erase=False)
train_dataloader, val_dataloader, test_dataloader = loaders(
    'hacs', train_pipeline, val_pipeline, test_pipeline, batch_size=4, repeats=1
)
optim_wrapper, param_scheduler, train_cfg, auto_scale_lr = schedule(
    epochs=20, warmup=5, lr=5e-6, base_batch_size=64, scale_end=True
)
