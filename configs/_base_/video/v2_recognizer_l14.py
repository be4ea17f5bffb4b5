"""UniFormerV2-L/14; see v2_recognizer."""

_base_ = './v2_recognizer.py'

model = dict(backbone=dict(arch='l14'), cls_head=dict(in_channels=1024))
