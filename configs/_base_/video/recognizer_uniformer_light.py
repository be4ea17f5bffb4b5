"""Light UniFormer for video; see recognizer_uniformer.

The classifiers of the map and of the class token each contribute half of the loss. Predictions come
from the map.
"""

_base_ = './recognizer_uniformer.py'

model = dict(
    backbone=dict(
        _delete_=True, type='UniFormerLight3D', arch='xxs', out_indices=3, out_cls_token=True,
        with_cp=(0, 0, 4, 0),
    ),
    cls_head=dict(type='HourglassI3DHead', in_channels=448),
)  # fmt: skip
