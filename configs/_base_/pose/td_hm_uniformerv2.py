"""Top-down heatmaps with UniFormerV2: two deconvolutions after the last layer, as in ViTPose.

ViTPose: arXiv 2204.12484, Sec. 3.1.
"""

_base_ = './td_hm_uniformer.py'

model = dict(
    # CLIP's mean and standard deviation.
    data_preprocessor=dict(mean=[122.771, 116.746, 104.094], std=[68.501, 66.632, 70.323]),
    backbone=dict(_delete_=True, type='UniFormerV2', arch='b16', out_indices=(11,)),
    head=dict(
        in_channels=768,
        deconv_out_channels=(256, 256),
        deconv_kernel_sizes=(4, 4),
    ),
)
