"""Fast R-CNN with UniFormer-S, 16 frames of stride 4, AVA 2.2, from Kinetics-400.

No published number: neither paper nor code covers spatio-temporal action detection.

    mim train mmaction2 configs/video/fast_rcnn_uniformer_s_16x4_ava22_k400_pre.py

Settings are those of mmaction2's AVA models trained with AdamW.
"""

_base_ = '../_base_/video/runtime.py'
from mmuniformer.recipes.ava import ava_loaders, ava_metric, ava_schedule, clips, fast_rcnn

model = fast_rcnn(
    'small', classes=81, drop_path_rate=0.2,
    weights='uniformer-small_imagenet1k-pre_16x4x1_kinetics400-rgb_20221219-c630a037',
)  # fmt: skip
train_pipeline, val_pipeline, test_pipeline = clips(frames=16, stride=4)
train_dataloader, val_dataloader, test_dataloader = ava_loaders(
    train_pipeline, val_pipeline, test_pipeline, batch_size=8
)
val_evaluator = test_evaluator = ava_metric()
optim_wrapper, param_scheduler, train_cfg, auto_scale_lr = ava_schedule(
    epochs=20, warmup=5, lr=1.25e-4, base_batch_size=64
)
