"""UniFormer-L with token labels, fine-tuned at 384×384: paper, Table 2.

Expected on ImageNet val: top-1 86.3. 100.1 M parameters, 62.8 G FLOPs, printed as 39.2 G.

    mim train mmpretrain configs/cls/uniformer_l_tl_in1k_384.py

Starts from the last epoch of uniformer_l_tl_in1k; give other weights with `--cfg-options
load_from=FILE`. From the code: batch 256 where the paper has 512, drop path 0.3 where it is 0.4 at
224×224.
"""

_base_ = ['../_base_/cls/uniformer_tl.py', '../_base_/cls/imagenet_tl_384_60e.py']

model = dict(backbone=dict(arch='large_ls', drop_path_rate=0.3), head=dict(in_channels=640))
load_from = 'work_dirs/uniformer_l_tl_in1k/epoch_310.pth'
train_dataloader = dict(batch_size=32)
auto_scale_lr = dict(base_batch_size=256)
