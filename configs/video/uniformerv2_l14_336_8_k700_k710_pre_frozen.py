"""Frozen UniFormerV2-L/14 at 336 pixels, 8 frames, Kinetics-700, from Kinetics-710: Table
Kinetics-700 of the authors' model zoo, row 8×1×3.

Expected on Kinetics-700 val: top-1 79.7. 354.7 M parameters, 51.2 M of them trained, 1567 G FLOPs a
view, 4701 G for 3 clips of 1 crop.

    mim train mmaction2 configs/video/uniformerv2_l14_336_8_k700_k710_pre_frozen.py

Settings from the code. Batch 512 on 16 GPUs.

Starts from the Kinetics-710 model, with its classifier reduced to these classes by name. In the
authors' file, frozen_k710_uniformerv2_l14_8x336.pyth, the order of the rows is known for
Kinetics-400 only, so train the model yourself or list the names of its rows:

    mmuniformer permute-head --from k710 --to k700 \
        --out checkpoints/uniformerv2_l14_336_8_k710_frozen_to_k700.pth \
        work_dirs/uniformerv2_l14_336_8_k710_frozen/epoch_50.pth
"""

_base_ = ['../_base_/video/v2_recognizer_frozen.py', '../_base_/video/v2_frozen_k710_pre.py']
load_from = 'checkpoints/uniformerv2_l14_336_8_k710_frozen_to_k700.pth'

model = dict(cls_head=dict(num_classes=700))
train_dataloader = dict(dataset=_base_.k700_train)
val_dataloader = dict(dataset=_base_.k700_val)
test_dataloader = dict(dataset=_base_.k700_val)
