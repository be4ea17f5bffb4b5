"""Frozen UniFormerV2-L/14 at 336 pixels, 8 frames, Kinetics-400, from Kinetics-710: Table
Kinetics-400 of the authors' model zoo, row 8×1×3.

Expected on Kinetics-400 val: top-1 87.8. 354.4 M parameters, 50.9 M of them trained, 1567 G FLOPs a
view, 4701 G for 3 clips of 1 crop.

    mim train mmaction2 configs/video/uniformerv2_l14_336_8_k400_k710_pre_frozen.py

Settings from the code. Batch 512 on 16 GPUs.

Starts from the authors' Kinetics-710 model, with its classifier reduced to these classes by name:

    mmuniformer permute-head --from k710 --to k400 \
        --out checkpoints/uniformerv2_l14_336_8_k710_frozen_to_k400.pth \
        frozen_k710_uniformerv2_l14_8x336.pyth
"""

_base_ = ['../_base_/video/v2_recognizer_frozen.py', '../_base_/video/v2_frozen_k710_pre.py']
load_from = 'checkpoints/uniformerv2_l14_336_8_k710_frozen_to_k400.pth'
