"""uniformer_s_16_ssv1_k400_pre, tested on one crop of 2 clips: 16×1×2, a point of Fig. 7 of the
paper.

No published number: the figure only shows a curve.

    mim test mmaction2 configs/video/uniformer_s_16_ssv1_k400_pre_test_1x2.py -C FILE

The authors test the left or top crop, not the center crop.
"""

_base_ = './uniformer_s_16_ssv1_k400_pre.py'

test_pipeline = _base_.test_pipeline
test_pipeline[0]['num_clips'] = 2
test_pipeline[3]['type'] = 'CenterCrop'
test_dataloader = dict(dataset=dict(pipeline=test_pipeline))
