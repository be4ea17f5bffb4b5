"""uniformer_s_16x4_k600, tested on one crop of one clip: paper, Table 13, row 16×1×1.

Expected on Kinetics-600 val: top-1 79.0, top-5 93.6. 41.8 G FLOPs for all views.

    mim test mmaction2 configs/video/uniformer_s_16x4_k600_test_1x1.py -C FILE
"""

_base_ = './uniformer_s_16x4_k600.py'
from mmuniformer.recipes.video import views

test_pipeline = views(_base_.test_pipeline, clips=1)
test_dataloader = dict(dataset=dict(pipeline=test_pipeline))
