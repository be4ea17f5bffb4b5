"""uniformer_s_abl_2d_8_ssv1_k400_pre, tested on one crop of one clip: paper, Table 12, row 8×1×1.

Expected on Something-Something V1 val: top-1 47.9, top-5 75.6.

    mim test mmaction2 configs/video/uniformer_s_abl_2d_8_ssv1_k400_pre_test_1x1.py -C FILE

The authors test the left or top crop, not the center crop.
"""

_base_ = './uniformer_s_abl_2d_8_ssv1_k400_pre.py'
from mmuniformer.recipes.video import views

test_pipeline = views(_base_.test_pipeline, crops=1)
test_dataloader = dict(dataset=dict(pipeline=test_pipeline))
