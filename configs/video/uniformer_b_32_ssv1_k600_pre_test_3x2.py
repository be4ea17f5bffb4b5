"""uniformer_b_32_ssv1_k600_pre, tested on 3 crops of 2 clips: paper, Table 4, row 32×3×2.

Expected on Something-Something V1 val: top-1 61.2, top-5 87.6. 1554 G FLOPs for all views.

    mim test mmaction2 configs/video/uniformer_b_32_ssv1_k600_pre_test_3x2.py -C FILE
"""

_base_ = './uniformer_b_32_ssv1_k600_pre.py'
from mmuniformer.recipes.video import views

test_pipeline = views(_base_.test_pipeline, clips=2)
test_dataloader = dict(dataset=dict(pipeline=test_pipeline))
