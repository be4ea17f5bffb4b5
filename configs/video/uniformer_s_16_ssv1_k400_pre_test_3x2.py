"""uniformer_s_16_ssv1_k400_pre, tested on 3 crops of 2 clips: 16×3×2, a point of Fig. 7 of the
paper.

No published number: the figure only shows a curve.

    mim test mmaction2 configs/video/uniformer_s_16_ssv1_k400_pre_test_3x2.py -C FILE
"""

_base_ = './uniformer_s_16_ssv1_k400_pre.py'
from mmuniformer.recipes.video import views

test_pipeline = views(_base_.test_pipeline, clips=2)
test_dataloader = dict(dataset=dict(pipeline=test_pipeline))
