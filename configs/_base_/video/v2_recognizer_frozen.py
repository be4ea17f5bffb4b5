"""UniFormerV2-L/14 at 336 pixels with a frozen ViT; see v2_recognizer.

Only the global UniBlocks and the classifier are trained. The video feature is just the global
token.
"""

_base_ = './v2_recognizer_l14.py'

model = dict(backbone=dict(arch='l14_336', fusion='global', frozen_stages=24))
