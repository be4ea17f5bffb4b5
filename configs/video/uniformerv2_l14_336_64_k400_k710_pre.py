"""UniFormerV2-L/14 at 336 pixels, 64 frames, Kinetics-400, from Kinetics-710: Table Kinetics-400 of
the authors' model zoo, row 64×3×2.

Expected on Kinetics-400 val: top-1 90.0. 354.4 M parameters, 12535.6 G FLOPs a view, 75213 G for 2
clips of 3 crops.

    mim train mmaction2 configs/video/uniformerv2_l14_336_64_k400_k710_pre.py

Settings from the code. Batch 128 on 64 GPUs. Activations of all layers are recomputed in the
backward pass. Tested as in the model zoo; the script has 4 clips of 3 crops. The code starts with a
new classifier, its documentation with that of Kinetics-710, as here.

Starts from the 8-frame Kinetics-710 model, with its classifier reduced to these classes by name:

    mmuniformer permute-head --from k710 --to k400 \
        --out checkpoints/uniformerv2_l14_336_8_k710_to_k400.pth \
        https://download.openmmlab.com/mmaction/v1.0/recognition/uniformerv2/kinetics710/uniformerv2-large-p14-res336_clip-pre_u8_kinetics710-rgb_20230612-d723ddc1.pth
"""

_base_ = ['../_base_/video/v2_recognizer_l14.py', '../_base_/video/v2_k710_pre_64_336.py']
load_from = 'checkpoints/uniformerv2_l14_336_8_k710_to_k400.pth'

model = dict(backbone=dict(arch='l14_336', with_cp=True))
