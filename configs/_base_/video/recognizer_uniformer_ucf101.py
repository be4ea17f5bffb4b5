"""UniFormer for the 101 classes of UCF101."""

_base_ = './recognizer_uniformer.py'

num_classes = 101
augments = [
    dict(type='MixupBlending', alpha=0.8, num_classes=num_classes),
    dict(type='CutmixBlending', alpha=1.0, num_classes=num_classes),
]
model = dict(
    data_preprocessor=dict(blending=dict(augments=augments)),
    cls_head=dict(num_classes=num_classes),
)
