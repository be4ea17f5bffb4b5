"""UniFormerV2-B/16 for the 174 classes of Something-Something, BGR input; see v2_recognizer.

Two local UniBlocks in every layer, global ones after the last eight, and a patch convolution that
halves the number of frames.
"""

_base_ = './v2_recognizer.py'

model = dict(
    # The released models take BGR frames. mmaction2 loads RGB, and the preprocessor's to_rgb
    # swaps the channels in either direction.
    data_preprocessor=dict(to_rgb=True),
    backbone=dict(
        local_mhra=2,
        temporal_downsample=True,
        global_layers=list(range(4, 12)),
        drop_path_rate=0.2,
        global_drop_path_rate=0.4,
    ),
    cls_head=dict(num_classes=174),
)
