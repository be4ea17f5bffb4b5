"""12 epochs and the optimizer of every published run (paper, Sec. 5.3).

AdamW, learning rate 1e-4, weight decay 0.05, batch size 16.
"""

_base_ = ['mmdet::_base_/schedules/schedule_1x.py', 'mmdet::_base_/default_runtime.py']
custom_imports = dict(imports=['mmuniformer'], allow_failed_imports=False)

optim_wrapper = dict(
    optimizer=dict(_delete_=True, type='AdamW', lr=1e-4, betas=(0.9, 0.999), weight_decay=0.05),
    # Matches by substring: LayerNorms and BatchNorms named norm*. Biases and the depthwise
    # convolutions named pos_embed are decayed, as in the published runs.
    paramwise_cfg=dict(custom_keys={'norm': dict(decay_mult=0.0)}),
)
default_hooks = dict(checkpoint=dict(type='AtomicCheckpointHook'))
