"""50 epochs on Something-Something V2 (paper, Sec. 5.2), frames spread over the whole video.

Learning rate 2e-4 for a batch of 32 videos, 5 epochs of warm-up. No flips: left and right are part
of the classes. Tested on three crops of one clip.
"""

_base_ = './kinetics.py'

epochs, warmup = 50, 5
train_transforms = [step for step in _base_.train_transforms if step['type'] != 'Flip']
test_transforms = _base_.test_transforms
test_transforms[2]['type'] = 'ThreeCrop'
data_root = 'data/sthv2/'
videos = dict(video=data_root + 'videos')
train_dataloader = dict(
    dataset=dict(ann_file=data_root + 'sthv2_train_list_videos.txt', data_prefix=videos)
)
val_dataloader = dict(
    dataset=dict(ann_file=data_root + 'sthv2_val_list_videos.txt', data_prefix=videos)
)
test_dataloader = dict(
    dataset=dict(ann_file=data_root + 'sthv2_val_list_videos.txt', data_prefix=videos)
)

optim_wrapper = dict(optimizer=dict(lr=2e-4))
param_scheduler = [
    dict(
        type='LinearLR', start_factor=1e-6 / 2e-4, by_epoch=True, begin=0, end=warmup,
        convert_to_iter_based=True,
    ),
    dict(
        type='CosineAnnealingLR', eta_min=1e-6, by_epoch=True, begin=warmup, end=epochs,
        T_max=epochs - warmup, convert_to_iter_based=True,
    ),
]  # fmt: skip
train_cfg = dict(max_epochs=epochs)
