"""uniformer_b_16x8_k400, tested on one crop of one clip: paper, Table 13, row 16×1×1.

Expected on Kinetics-400 val: top-1 79.3, top-5 93.4. 96.7 G FLOPs for all views.

    mim test mmaction2 configs/video/uniformer_b_16x8_k400_test_1x1.py -C FILE
"""

_base_ = './uniformer_b_16x8_k400.py'
from mmuniformer.recipes.video import views

test_pipeline = views(_base_.test_pipeline, clips=1)
test_dataloader = dict(dataset=dict(pipeline=test_pipeline))
