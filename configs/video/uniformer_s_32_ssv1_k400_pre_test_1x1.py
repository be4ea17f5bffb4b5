"""uniformer_s_32_ssv1_k400_pre, tested on one crop of one clip: paper, Table 14, single-clip.

Expected on Something-Something V1 val: top-1 55.8, top-5 83.6. 109.6 G FLOPs for all views.

    mim test mmaction2 configs/video/uniformer_s_32_ssv1_k400_pre_test_1x1.py -C FILE

The authors test the left or top crop, not the center crop.
"""

_base_ = './uniformer_s_32_ssv1_k400_pre.py'
from mmuniformer.recipes.video import views

test_pipeline = views(_base_.test_pipeline, crops=1)
test_dataloader = dict(dataset=dict(pipeline=test_pipeline))
