"""UniFormerV2-L/14 at 336 pixels around a frozen ViT; see v2_recognizer.

The global UniBlocks and the classifier learn. The video feature is the global token alone.
"""

_base_ = './v2_recognizer_l14.py'

model = dict(backbone=dict(arch='l14_336', fusion='global', frozen_stages=24))
