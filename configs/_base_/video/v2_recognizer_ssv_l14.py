"""UniFormerV2-L/14 for Something-Something, global UniBlocks after the last 16 layers of 24.

See v2_recognizer_ssv. Activations of the first 15 layers are recomputed in the backward pass.
"""

_base_ = './v2_recognizer_ssv.py'

model = dict(
    backbone=dict(arch='l14', global_layers=list(range(8, 24)), with_cp=15),
    cls_head=dict(in_channels=1024),
)
