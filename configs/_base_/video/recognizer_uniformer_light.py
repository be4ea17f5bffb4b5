"""Light UniFormer for clips, with a classifier of the map; see recognizer_uniformer."""

_base_ = './recognizer_uniformer.py'

model = dict(
    backbone=dict(
        _delete_=True, type='UniFormerLight3D', arch='xxs', out_indices=3, with_cp=(0, 0, 4, 0)
    ),
    cls_head=dict(in_channels=448),
)
