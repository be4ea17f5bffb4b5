"""uniformer_b_32x4_k400, tested on 3 crops of 4 clips: paper, Table 3, row 32×3×4.

Expected on Kinetics-400 val: top-1 83.0, top-5 95.4. 3108 G FLOPs for all views.

    mim test mmaction2 configs/video/uniformer_b_32x4_k400_test_3x4.py -C FILE
"""

_base_ = './uniformer_b_32x4_k400.py'
from mmuniformer.recipes.video import views

test_pipeline = views(_base_.test_pipeline, crops=3)
test_dataloader = dict(dataset=dict(pipeline=test_pipeline))
