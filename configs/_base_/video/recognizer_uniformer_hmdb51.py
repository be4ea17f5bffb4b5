"""UniFormer for the 51 classes of HMDB51, blue first."""

_base_ = './recognizer_uniformer.py'

num_classes = 51
augments = [
    dict(type='MixupBlending', alpha=0.8, num_classes=num_classes),
    dict(type='CutmixBlending', alpha=1.0, num_classes=num_classes),
]
model = dict(
    # The released models read frames with blue first. Loaders of mmaction2 give red first, and
    # what the preprocessor calls to_rgb swaps the two, either way.
    data_preprocessor=dict(to_rgb=True, blending=dict(augments=augments)),
    cls_head=dict(num_classes=num_classes),
)
