"""UniFormer-B on ImageNet-1k with DeepSpeed: ZeRO 2 shards gradients and Adam's state over GPUs.

No published number: recipe and model are those of uniformer_b_in1k.py (paper, Table 2).
Expected on ImageNet val: the same as that config; not trained.

    mim train mmpretrain configs/cls/uniformer_b_in1k_deepspeed.py

On 8 GPUs of one machine with --launcher pytorch --gpus 8: see docs/training_at_scale.md. mmengine
0.10 does not support every DeepSpeed version: pip install 'deepspeed<0.17'.
"""

_base_ = './uniformer_b_in1k.py'

runner_type = 'FlexibleRunner'
strategy = dict(type='DeepSpeedStrategy', zero_optimization=dict(stage=2))
optim_wrapper = dict(type='DeepSpeedOptimWrapper')
# With save_best, mmengine's FlexibleRunner saves an epoch number one too high and resumes there.
default_hooks = dict(checkpoint=dict(save_best=None))
