"""UniFormerV2 as an image classifier: an image is a clip of one frame.

The video feature passes through its LayerNorm into a linear layer. Label smoothing 0.1.
"""

model = dict(
    type='ImageClassifier',
    backbone=dict(type='UniFormerV2', arch='b16'),
    head=dict(
        type='UniFormerClsHead',
        num_classes=1000,
        in_channels=768,
        loss=dict(type='LabelSmoothLoss', label_smooth_val=0.1, mode='original'),
    ),
)
