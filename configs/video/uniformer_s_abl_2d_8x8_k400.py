"""UniFormer-S, 2D filters after the stem, 8 frames of stride 8, Kinetics-400: paper, Table 12, row
8×1×4.

Expected on Kinetics-400 val: top-1 78.5, top-5 93.2, where uniformer_s_8x8_k400 has 78.4, 93.3.

    mim train mmaction2 configs/video/uniformer_s_abl_2d_8x8_k400.py

Trained as uniformer_s_8x8_k400.
"""

_base_ = './uniformer_s_8x8_k400.py'

model = dict(backbone=dict(arch=dict(_delete_=True, inflated=[])))
