"""uniformer_s_16x4_k400, tested on 3 crops of 2 clips: 16×3×2, a point of Fig. 7 of the paper.

No published number: the figure only shows a curve.

    mim test mmaction2 configs/video/uniformer_s_16x4_k400_test_3x2.py -C FILE
"""

_base_ = './uniformer_s_16x4_k400.py'
from mmuniformer.recipes.video import views

test_pipeline = views(_base_.test_pipeline, clips=2, crops=3)
test_dataloader = dict(dataset=dict(pipeline=test_pipeline))
