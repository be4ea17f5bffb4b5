"""Split 1 of HMDB51, with the settings of UCF101."""

_base_ = './ucf101.py'

data_root = 'data/hmdb51/'
videos = dict(video=data_root + 'videos')
val_list = data_root + 'hmdb51_val_split_1_videos.txt'
train_dataloader = dict(
    dataset=dict(ann_file=data_root + 'hmdb51_train_split_1_videos.txt', data_prefix=videos)
)
val_dataloader = dict(dataset=dict(ann_file=val_list, data_prefix=videos))
test_dataloader = dict(dataset=dict(ann_file=val_list, data_prefix=videos))
