"""uniformer_s_16_ssv2_k600_pre, tested on one crop of one clip: paper, Table 4, row 16×1×1.

Expected on Something-Something V2 val: top-1 65.0, top-5 89.3. 42 G FLOPs for all views.

    mim test mmaction2 configs/video/uniformer_s_16_ssv2_k600_pre_test_1x1.py -C FILE

The authors test the left or top crop, not the center crop.
"""

_base_ = './uniformer_s_16_ssv2_k600_pre.py'
from mmuniformer.recipes.video import views

test_pipeline = views(_base_.test_pipeline, crops=1)
test_dataloader = dict(dataset=dict(pipeline=test_pipeline))
