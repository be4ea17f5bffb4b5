"""Shared by all video configs: the optimizer, mean 0.45 and standard deviation 0.225.

AdamW without weight decay on BatchNorms and other one-dimensional parameters (paper, Sec. 5.2).
Gradients are clipped to a norm of 20. The published runs used half precision: `--amp` on a GPU.
"""

_base_ = 'mmaction::_base_/default_runtime.py'
custom_imports = dict(imports=['mmuniformer'], allow_failed_imports=False)

optim_wrapper = dict(
    type='OptimWrapper',
    constructor='LayerwiseOptimWrapperConstructor',
    paramwise_cfg=dict(flat_decay_mult=0.0),
    optimizer=dict(type='AdamW', lr=1e-4, betas=(0.9, 0.999), weight_decay=0.05),
    clip_grad=dict(max_norm=20.0),
)
val_evaluator = dict(type='AccMetric')
test_evaluator = val_evaluator
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')
default_hooks = dict(
    checkpoint=dict(type='AtomicCheckpointHook', interval=5, max_keep_ckpts=3),
    logger=dict(interval=100),
)
