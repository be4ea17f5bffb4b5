"""UniFormer-B on ImageNet-1k, sharded: FSDP spreads weights, gradients and Adam's state over GPUs.

No published number of its own: recipe and model are those of uniformer_b_in1k.py (paper, Table 2).
Expected on ImageNet val is what that one reaches; it was not trained.

    mim train mmpretrain configs/cls/uniformer_b_in1k_fsdp.py

On 8 GPUs of one machine with --launcher pytorch --gpus 8: see docs/training_at_scale.md. A unit is
a block; a checkpoint is one file, with the names and shapes of the model that is not sharded.
"""

_base_ = './uniformer_b_in1k.py'

runner_type = 'FlexibleRunner'
strategy = dict(
    type='GroupedFSDPStrategy',
    model_wrapper=dict(type='MMFullyShardedDataParallel', auto_wrap_policy='wrap_uniformer_blocks'),
    state_dict_cfg='full',
)
# With a best checkpoint, mmengine's FlexibleRunner writes an epoch too many and resumes there.
default_hooks = dict(checkpoint=dict(save_best=None))
