"""Light UniFormer classifier: trained on feature map and class token, predicts from the map.

Mixup or cutmix in every batch with equal probability, label smoothing 0.1, as in DeiT.
"""

_base_ = './uniformer_cls.py'

model = dict(
    backbone=dict(type='UniFormerLight', arch='xxs', out_cls_token=True),
    head=dict(type='HourglassClsHead', in_channels=448),
)
