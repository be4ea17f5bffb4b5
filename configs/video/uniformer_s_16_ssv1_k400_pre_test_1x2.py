"""uniformer_s_16_ssv1_k400_pre, tested on one crop of 2 clips: 16×1×2, a point of Fig. 7 of the
paper.

No published number: the figure only shows a curve.

    mim test mmaction2 configs/video/uniformer_s_16_ssv1_k400_pre_test_1x2.py -C FILE

The authors test the left or top crop, not the center crop.
"""

_base_ = './uniformer_s_16_ssv1_k400_pre.py'
from mmuniformer.recipes.video import views

test_pipeline = views(_base_.test_pipeline, clips=2, crops=1)
test_dataloader = dict(dataset=dict(pipeline=test_pipeline))
