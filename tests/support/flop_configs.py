"""Configs whose parameters and FLOPs tests count."""

CLASSIFIER = """
default_scope = 'mmpretrain'
model = dict(
    type='ImageClassifier',
    backbone=dict(type='mmuniformer.UniFormer', arch='small', out_indices=3, out_norm='batch'),
    neck=dict(type='GlobalAveragePooling'),
    head=dict(type='LinearClsHead', num_classes=1000, in_channels=512),
)
test_pipeline = [dict(type='ResizeEdge', scale=256), dict(type='CenterCrop', crop_size=224)]
"""
TINY = """
default_scope = 'mmseg'
backbone = dict(type='mmuniformer.UniFormer', arch=dict(depths=(1, 1, 1, 1), dims=(16, 32, 64, 64)))
head = dict(
    type='FCNHead', in_channels=64, in_index=3, channels=8, num_convs=1, concat_input=False,
    num_classes=5, norm_cfg=dict(type='BN'),
)
model = dict(
    type='EncoderDecoder', backbone=backbone, decode_head=head, auxiliary_head=dict(**head),
    train_cfg=dict(), test_cfg=dict(mode='whole'),
)
"""
