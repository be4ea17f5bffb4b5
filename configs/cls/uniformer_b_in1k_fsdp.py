"""UniFormer-B on ImageNet-1k with FSDP, which shards weights, gradients and Adam's state.

No published number: recipe and model are those of uniformer_b_in1k.py (paper, Table 2).
Expected on ImageNet val: the same as that config; not trained.

    mim train mmpretrain configs/cls/uniformer_b_in1k_fsdp.py

On 8 GPUs of one machine with --launcher pytorch --gpus 8: see docs/training_at_scale.md. Each block
is one FSDP unit; a checkpoint is one file with the names and shapes of the unsharded model.
"""

_base_ = './uniformer_b_in1k.py'

runner_type = 'FlexibleRunner'
strategy = dict(
    type='GroupedFSDPStrategy',
    model_wrapper=dict(type='MMFullyShardedDataParallel', auto_wrap_policy='wrap_uniformer_blocks'),
    state_dict_cfg='full',
)
# With save_best, mmengine's FlexibleRunner saves an epoch number one too high and resumes there.
default_hooks = dict(checkpoint=dict(save_best=None))
