"""Sharded training as a user starts it: ``mim train``, two processes, a resume, ``mim test``."""

import re

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import MODELS, init_default_scope
from training import checkpoint_of, metrics_of

pytest.importorskip('mmpretrain')
pytestmark = pytest.mark.slow

SHORT = """
_base_ = '{root}/configs/cls/mini_uniformer_xxs_in1k.py'

runner_type = 'FlexibleRunner'
strategy = {strategy!r}
train_dataloader = dict(batch_size=16, dataset=dict(indices=64))
train_cfg = dict(max_epochs=1, val_interval=1)
# Without, processes validate with BatchNorm statistics of their own; those of the first are saved.
custom_hooks = [dict(type='SyncBuffersHook')]
default_hooks = dict(
    checkpoint=dict(interval=1, save_best={save_best!r}), logger=dict(interval=1)
)
"""


@pytest.mark.skipif(torch.cuda.is_available(), reason='two processes would share a GPU')
def test_shards_train_resume_and_leave_a_checkpoint_for_the_whole_model(
    mim, python_tool, repo_root, tmp_path
):
    python_tool('make_mini_data.py', 'imagenet', cwd=tmp_path)
    stated = Config.fromfile(repo_root / 'configs/cls/uniformer_b_in1k_fsdp.py')
    config = tmp_path / 'short.py'
    settings = {
        'strategy': stated.strategy.to_dict(),
        'save_best': stated.default_hooks.checkpoint.save_best,
    }
    config.write_text(SHORT.format(root=repo_root, **settings))
    work = tmp_path / 'work' / config.stem
    command = ('train', 'mmpretrain', config, '--work-dir', work)
    processes = ('--gpus', 2, '--launcher', 'pytorch')

    first = mim(*command, *processes, cwd=tmp_path)
    assert 'no accelerator found: the backend is gloo' in first.stdout + first.stderr
    longer = ('--resume', '--cfg-options', 'train_cfg.max_epochs=2')
    second = mim(*command, *processes, *longer, cwd=tmp_path)
    text = second.stdout + second.stderr
    assert re.search(r'Epoch\(train\) +\[2\]\[2/2\]', text)  # 64 images, 2 × 16 in a step
    assert 'Epoch(train) [1]' not in text
    (validated,) = re.findall(r'Epoch\(val\) \[2\].*accuracy/top1: ([\d.]+)', text)

    checkpoint = checkpoint_of(tmp_path, config)
    assert checkpoint.name == 'epoch_2.pth'
    model_cfg = Config.fromfile(config).model
    init_default_scope('mmpretrain')
    MODELS.build(model_cfg).load_state_dict(torch.load(checkpoint)['state_dict'])
    plain = repo_root / 'configs/cls/mini_uniformer_xxs_in1k.py'
    tested = metrics_of(mim, 'mmpretrain', plain, tmp_path, checkpoint)
    assert tested['accuracy/top1'] == pytest.approx(float(validated), abs=1e-3)
