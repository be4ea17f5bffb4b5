"""uniformer_s_16_ssv1_k400_16x8_pre, tested on one crop of one clip: paper, Table 14, single-clip.

Expected on Something-Something V1 val: top-1 53.7, top-5 81.3. 42 G FLOPs for all views.

    mim test mmaction2 configs/video/uniformer_s_16_ssv1_k400_16x8_pre_test_1x1.py -C FILE

The authors test the left or top crop, not the center crop.
"""

_base_ = './uniformer_s_16_ssv1_k400_16x8_pre.py'
from mmuniformer.recipes.video import views

test_pipeline = views(_base_.test_pipeline, crops=1)
test_dataloader = dict(dataset=dict(pipeline=test_pipeline))
