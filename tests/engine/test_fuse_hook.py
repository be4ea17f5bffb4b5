"""Tests run on a fused copy, of averaged weights too; training, validation and files do not."""

from pathlib import Path

import pytest
import torch
from mmengine.evaluator import BaseMetric, Evaluator
from mmengine.hooks import EMAHook, Hook
from mmengine.model import BaseModel
from mmengine.runner import Runner
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

import mmuniformer  # noqa: F401
from mmuniformer.engine import FuseHook
from mmuniformer.models import UniFormer

ARCH = {'depths': (1, 1, 1, 1), 'dims': (8, 8, 16, 16), 'head_dim': 8}


class Classifier(BaseModel):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.backbone = UniFormer(arch=ARCH, out_indices=3)

    def forward(self, inputs: Tensor, mode: str = 'tensor') -> dict | list:
        features = self.backbone(inputs)
        if mode == 'loss':
            return {'loss': (features - 1).square().mean()}
        return list(features.mean((2, 3)))


class Images(torch.utils.data.Dataset):
    def __len__(self) -> int:
        return 4

    def __getitem__(self, index: int) -> dict[str, Tensor]:
        generator = torch.Generator().manual_seed(index)
        return {'inputs': torch.randn(3, 32, 32, generator=generator)}


class Features(BaseMetric):
    def process(self, data_batch, data_samples):
        self.results += list(data_samples)

    def compute_metrics(self, results: list[Tensor]) -> dict[str, list[float]]:
        return {'features': torch.stack(results).flatten().tolist()}


class NormsInUse(Hook):
    """Count the BatchNorms that run, by the mode of the epoch."""

    def __init__(self):
        self.counts = {'train': 0, 'val': 0, 'test': 0}
        self.mode = 'train'
        self.handle = nn.modules.module.register_module_forward_hook(self.count)

    def count(self, module, args, output):
        self.counts[self.mode] += isinstance(module, _BatchNorm)

    def _before_epoch(self, runner, mode='train'):
        self.mode = mode

    def after_run(self, runner):
        self.handle.remove()


def runner_of(folder: Path, model: nn.Module, *hooks, **options) -> Runner:
    folder.mkdir(exist_ok=True)
    loader = {
        'dataset': Images(),
        'batch_size': 2,
        'sampler': {'type': 'DefaultSampler', 'shuffle': False},
        'collate_fn': {'type': 'default_collate'},
    }
    return Runner(
        model,
        work_dir=str(folder),
        experiment_name=str(folder).replace('/', '_'),
        default_scope='mmengine',
        train_dataloader=loader,
        val_dataloader=loader,
        test_dataloader=loader,
        train_cfg={'by_epoch': True, 'max_epochs': 2},
        val_cfg={},
        test_cfg={},
        val_evaluator=Evaluator(Features()),
        test_evaluator=Evaluator(Features()),
        optim_wrapper={'optimizer': {'type': 'SGD', 'lr': 0.1}},
        custom_hooks=list(hooks),
        **options,
    )


@pytest.mark.parametrize('averaged', [False, True])
def test_a_test_after_training_gives_the_numbers_it_gave_without_the_hook(tmp_path, averaged):
    numbers, weights = [], []
    for name, hooks in (('plain', []), ('fused', [{'type': 'FuseHook'}])):
        if averaged:
            hooks.append(EMAHook(ema_type='ExponentialMovingAverage', momentum=0.5))
        model = Classifier()
        runner = runner_of(tmp_path / name, model, *hooks)
        runner.train()
        before = {key: value.clone() for key, value in model.state_dict().items()}
        numbers += [runner.test()['features'], runner.val()['features']]
        weights.append(model.state_dict())
        assert all(torch.equal(value, before[key]) for key, value in weights[-1].items())
        model.train()
    assert numbers[2] == pytest.approx(numbers[0], abs=1e-5)
    assert numbers[2] != numbers[0]
    assert numbers[3] == numbers[1]
    plain, fused = (torch.load(tmp_path / n / 'epoch_2.pth', weights_only=True) for n in
                    ('plain', 'fused'))  # fmt: skip
    for key, value in plain['state_dict'].items():
        assert torch.equal(value, fused['state_dict'][key]), key


def test_norms_run_in_training_and_validation_and_not_in_the_test(tmp_path):
    counter = NormsInUse()
    runner = runner_of(tmp_path, Classifier(), FuseHook(), counter)
    runner.train()
    norms = sum(isinstance(module, _BatchNorm) for module in runner.model.modules())
    batches, epochs = 2, 2
    runner.test()
    counter.handle.remove()
    assert counter.counts == {
        'train': norms * batches * epochs, 'val': norms * batches * epochs, 'test': 0,
    }  # fmt: skip


def test_a_checkpoint_saved_in_the_middle_of_a_test_is_the_models(tmp_path):
    class Saving(Hook):
        def before_test_iter(self, runner, batch_idx, data_batch=None):
            runner.save_checkpoint(str(tmp_path), 'middle.pth', save_optimizer=False)

    model = Classifier()
    before = {key: value.clone() for key, value in model.state_dict().items()}
    runner_of(tmp_path, model, FuseHook(), Saving()).test()
    saved = torch.load(tmp_path / 'middle.pth', weights_only=True)['state_dict']
    assert saved.keys() == before.keys()
    assert all(torch.equal(saved[key], value) for key, value in before.items())


def test_a_model_without_a_backbone_of_ours_is_refused(tmp_path):
    class Other(Classifier):
        def __init__(self):
            super().__init__()
            self.backbone = nn.Conv2d(3, 8, 3)

    with pytest.raises(ValueError, match='no backbone of mmuniformer in Other; leave the hook out'):
        runner_of(tmp_path, Other(), FuseHook()).test()
