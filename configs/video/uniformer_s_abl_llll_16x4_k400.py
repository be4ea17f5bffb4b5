"""UniFormer-S, local blocks everywhere, 16 frames of stride 4, Kinetics-400: paper, Table 11.

Expected on Kinetics-400 val: top-1 77.4. 26.1 G FLOPs for one view.

    mim train mmaction2 configs/video/uniformer_s_abl_llll_16x4_k400.py

Depths are those of S, unlike in Table 10. The initial weights were never released; see the README
in this folder.
"""

_base_ = ['../_base_/video/recognizer_uniformer.py', '../_base_/video/k400_16x4.py']
weights = 'checkpoints/uniformer_s_abl_llll_3483_in1k.pth'

model = dict(
    backbone=dict(
        arch=dict(_delete_=True, stage_types=['local'] * 4),
        drop_path_rate=0.1,
        init_cfg=dict(type='Pretrained', checkpoint=weights),
    )
)
