"""ImageNet-1k in crops of 224×224, augmented as in DeiT (paper, Sec. 5.1).

Random crops and flips, RandAugment (two operations of magnitude 9, standard deviation 0.5) and
random erasing are those of mmpretrain's Swin. The published runs also set color jitter 0.4, which
their library turns off when RandAugment is used.
"""

_base_ = [
    'mmpretrain::_base_/datasets/imagenet_bs64_swin_224.py',
    'mmpretrain::_base_/default_runtime.py',
]
custom_imports = dict(imports=['mmuniformer'], allow_failed_imports=False)

# Parts of the pipelines, for other crops and other augmentations.
load, crop, *augmentations = _base_.train_pipeline
flip, augment, erase, pack = augmentations
load, resize, center_crop, pack = _base_.test_pipeline

# Images that do not fill a last batch are dropped.
train_dataloader = dict(drop_last=True)
val_cfg = dict()
test_cfg = dict()
default_hooks = dict(
    checkpoint=dict(
        type='AtomicCheckpointHook', max_keep_ckpts=3, save_best='accuracy/top1', rule='greater'
    ),
)
