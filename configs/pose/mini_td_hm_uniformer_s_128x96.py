"""Top-down heatmaps at 128x96, UniFormer-S at a quarter of its width, global attention, mini data.

From scratch on drawn figures: AP 0.71 on the held-out images after 4 minutes on a CPU core. Blocks,
head and loss are those of td_hm_uniformer_s_256x192; widths, resolution, schedule and data are
smaller.

    mmuniformer make-mini-data coco_keypoints
    mim train mmpose configs/pose/mini_td_hm_uniformer_s_128x96.py --work-dir work_dirs/mini_pose
"""

_base_ = ['../_base_/pose/td_hm_uniformer.py', '../_base_/pose/mini_coco_128x96.py']

model = dict(
    backbone=dict(arch=dict(_delete_=True, dims=(16, 32, 80, 128), head_dim=16)),
    head=dict(in_channels=128, deconv_out_channels=(64, 64, 64), decoder=_base_.codec),
)
