"""Light UniFormer for clips; see recognizer_uniformer.

One classifier for the map and one for the class token have half of the loss each. The map predicts.
"""

_base_ = './recognizer_uniformer.py'

model = dict(
    backbone=dict(
        _delete_=True, type='UniFormerLight3D', arch='xxs', out_indices=3, out_cls_token=True,
        with_cp=(0, 0, 4, 0),
    ),
    cls_head=dict(type='HourglassI3DHead', in_channels=448),
)  # fmt: skip
