"""UniFormer-S† with token labels, fine-tuned at 384×384: paper, Table 2.

Expected on ImageNet val: top-1 84.9. 24.5 M parameters, 13.7 G FLOPs.

    mim train mmpretrain configs/cls/uniformer_s_plus_tl_in1k_384.py

Starts from the last epoch of uniformer_s_plus_tl_in1k; give other weights with `--cfg-options
load_from=FILE`. Follows the code where it differs from the paper: 60 epochs without warm-up. Drop
path as at 224×224.
"""

_base_ = ['../_base_/cls/uniformer_tl.py', '../_base_/cls/imagenet_tl_384_60e.py']

model = dict(backbone=dict(arch='small_plus', drop_path_rate=0.1))
load_from = 'work_dirs/uniformer_s_plus_tl_in1k/epoch_310.pth'
