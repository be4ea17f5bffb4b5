"""UPerNet on four layers of UniFormerV2; the rest is mmseg's model for plain ViTs.

Feature2Pyramid turns layers 4, 6, 8, 12 (counted from 1) into strides 4, 8, 16, 32. Tested in
overlapping crops of 512×512; images are padded to multiples of 16.
"""

_base_ = 'mmseg::_base_/models/upernet_mae.py'

model = dict(
    data_preprocessor=dict(
        size=(512, 512),
        # CLIP's mean and standard deviation.
        mean=[122.771, 116.746, 104.094],
        std=[68.501, 66.632, 70.323],
        test_cfg=dict(size_divisor=16),
    ),
    backbone=dict(_delete_=True, type='UniFormerV2', arch='b16', out_indices=(3, 5, 7, 11)),
    decode_head=dict(in_channels=[768] * 4, channels=768, num_classes=150),
    auxiliary_head=dict(in_channels=768, num_classes=150),
    test_cfg=dict(mode='slide', crop_size=(512, 512), stride=(341, 341)),
)
