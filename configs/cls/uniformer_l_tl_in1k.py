"""UniFormer-L with token labels: paper, Table 2.

Expected on ImageNet val: top-1 85.6. 100.1 M parameters, 19.7 G FLOPs at 224×224, printed as 12.6
G.

    mim train mmpretrain configs/cls/uniformer_l_tl_in1k.py

Learning rate 0.0012, drop path 0.4 and layer scale in paper and code; from the code, layer scale of
1e-6 in all stages. The printed 12.6 G FLOPs do not match the released model; its parameter count
does. Make the label maps first with mmuniformer make-label-maps.
"""

_base_ = ['../_base_/cls/uniformer_tl.py', '../_base_/cls/imagenet_tl_310e.py']

model = dict(backbone=dict(arch='large_ls', drop_path_rate=0.4), head=dict(in_channels=640))
optim_wrapper = dict(optimizer=dict(lr=1.2e-3))
