"""uniformer_s_abl_2d_8x8_k400, tested on one crop of one clip: paper, Table 12, row 8×1×1.

Expected on Kinetics-400 val: top-1 74.7, top-5 90.8.

    mim test mmaction2 configs/video/uniformer_s_abl_2d_8x8_k400_test_1x1.py -C FILE
"""

_base_ = './uniformer_s_abl_2d_8x8_k400.py'
from mmuniformer.recipes.video import views

test_pipeline = views(_base_.test_pipeline, clips=1)
test_dataloader = dict(dataset=dict(pipeline=test_pipeline))
