"""UniFormer for the 174 classes of Something-Something, BGR input."""

_base_ = './recognizer_uniformer.py'

num_classes = 174
augments = [
    dict(type='MixupBlending', alpha=0.8, num_classes=num_classes),
    dict(type='CutmixBlending', alpha=1.0, num_classes=num_classes),
]
model = dict(
    # The released models take BGR frames. mmaction2 loads RGB, and the preprocessor's to_rgb
    # swaps the channels in either direction.
    data_preprocessor=dict(to_rgb=True, blending=dict(augments=augments)),
    cls_head=dict(num_classes=num_classes),
)
