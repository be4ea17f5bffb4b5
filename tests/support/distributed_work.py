"""What tests/engine/test_distributed.py does in two processes, and in one to compare with."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest import mock

import torch
from mmengine._strategy import FSDPStrategy
from mmengine.model import BaseModel, MMDistributedDataParallel
from mmengine.optim import OptimWrapper, build_optim_wrapper
from mmengine.registry import MODELS, STRATEGIES
from torch import Tensor, distributed, nn
from torch.distributed.fsdp import FullyShardedDataParallel
from torch.nn import functional as F

import mmuniformer  # noqa: F401

STEPS = 3
# Groups by parameter type, as in the recipes. Not AdamW: its first steps are signs of gradients.
OPTIMIZER = {
    'constructor': 'LayerwiseOptimWrapperConstructor',
    'optimizer': {'type': 'SGD', 'lr': 0.1, 'momentum': 0.9, 'weight_decay': 0.05},
    'paramwise_cfg': {'layer_decay_rate': 0.9, 'flat_decay_mult': 0.0},
    'clip_grad': {'max_norm': 0.5},
}


class TinyClassifier(BaseModel):
    """A backbone, the mean over positions, a linear layer; the loss is the mean over images."""

    def __init__(self, backbone: dict):
        super().__init__()
        self.backbone = MODELS.build(backbone)
        self.head = nn.Linear(self.backbone.out_channels[-1], 3)

    def forward(self, inputs: Tensor, labels: Tensor, mode: str = 'tensor') -> Any:
        features = self.backbone(inputs)
        features = features[-1] if isinstance(features, tuple) else features
        logits = self.head(features if features.ndim == 2 else features.flatten(2).mean(2))
        return {'loss': F.cross_entropy(logits, labels)} if mode == 'loss' else logits


def tiny_uniformer(**options: Any) -> dict:
    arch = dict(depths=(1, 2, 4, 1), dims=(16, 32, 64, 64), head_dim=16)
    shared = dict(arch=arch, out_indices=3, out_norm='batch', norm_eval=True)
    return {'type': 'mmuniformer.UniFormer', **shared, **options}


def tiny_uniformerv2() -> dict:
    arch = dict(depth=2, dim=32, head_dim=8, global_head_dim=8, patch_size=8, image_size=32)
    return {'type': 'mmuniformer.UniFormerV2', 'arch': arch, 'local_mhra': 1, 'norm_eval': True}


def build(backbone: dict) -> TinyClassifier:
    torch.manual_seed(0)
    model = TinyClassifier(backbone).train()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if not parameter.any() and 'bias' not in name:
                parameter.normal_(std=0.1)  # UniFormerV2's branches start at zero
    return model


def batch(step: int, part: slice = slice(None), size: tuple[int, ...] = (64, 64)) -> dict:
    """Four images, or clips, of step ``step``; two processes take two each."""
    generator = torch.Generator().manual_seed(step)
    inputs = torch.randn(4, 3, *size, generator=generator)
    labels = torch.randint(3, (4,), generator=generator)
    return {'inputs': inputs[part], 'labels': labels[part]}


def share(rank: int) -> slice:
    return slice(2 * rank, 2 * rank + 2)


def loss_and_gradients(model: nn.Module, data: dict) -> dict[str, Any]:
    loss = model(**data, mode='loss')['loss']
    loss.backward()
    gradients = {name: p.grad.clone() for name, p in model.named_parameters()}
    return {'loss': loss.item(), 'gradients': gradients}


def data_parallel(rank: int, backbone: dict) -> dict[str, Any]:
    """Loss and gradients of a share of a batch."""
    model = MMDistributedDataParallel(module=build(backbone), device_ids=[rank])
    found = loss_and_gradients(model, batch(0, share(rank)))
    found['gradients'] = {
        name.removeprefix('module.'): gradient for name, gradient in found['gradients'].items()
    }
    return found


# What FSDP calls; the last two since PyTorch 2.14.
COLLECTIVES = (
    'all_gather', 'all_gather_into_tensor', 'reduce_scatter_tensor',
    'all_gather_single', 'reduce_scatter_single',
)  # fmt: skip


@contextmanager
def count_collectives() -> Iterator[dict[str, mock.Mock]]:
    """Count what FSDP calls of torch.distributed meanwhile."""
    with ExitStack() as stack:
        calls = {}
        for name in COLLECTIVES:
            original = getattr(distributed, name, None)
            if original is None:
                continue
            patch = mock.patch.object(distributed, name, wraps=original)
            calls[name] = stack.enter_context(patch)
        yield calls


def make_strategy(cfg: dict, folder: str) -> FSDPStrategy:
    env = {'launcher': 'pytorch', 'randomness': {'seed': 0}}
    return STRATEGIES.build({**cfg, 'work_dir': folder, 'env_kwargs': env})


def decays(optim_wrapper: OptimWrapper, model: nn.Module) -> dict[str, tuple[float, float]]:
    """Learning rate and weight decay of every parameter by name."""
    names = {p: name.replace('_fsdp_wrapped_module.', '') for name, p in model.named_parameters()}
    return {
        names[parameter]: (group['lr'], group['weight_decay'])
        for group in optim_wrapper.optimizer.param_groups
        for parameter in group['params']
    }


def train(model: nn.Module, optim_wrapper: OptimWrapper, steps: range, **choice: Any) -> list:
    return [model.train_step(batch(step, **choice), optim_wrapper)['loss'].item() for step in steps]


def alone(backbone: dict, size: tuple[int, ...]) -> dict[str, Any]:
    """Train in this process, on whole batches."""
    model = build(backbone)
    optim_wrapper = build_optim_wrapper(model, OPTIMIZER)
    losses = train(model, optim_wrapper, range(STEPS), size=size)
    groups = decays(optim_wrapper, model)
    return {'losses': losses, 'state_dict': model.state_dict(), 'groups': groups}


def sharded(
    rank: int, cfg: dict, backbone: dict, size: tuple[int, ...], folder: str
) -> dict[str, Any]:
    """Train with two shards, once to the end and once resumed from a checkpoint on the way."""
    results = {}
    for name in ('straight', 'resumed'):
        strategy = make_strategy(cfg, folder)
        init = {'init_weights_for_test_or_val': False}
        model, optim_wrapper = strategy.prepare(
            build(backbone), optim_wrapper=OPTIMIZER, dispatch_kwargs=init
        )[:2]
        steps = range(STEPS)
        if name == 'resumed':
            strategy.resume(f'{folder}/step_1.pth')
            steps = range(1, STEPS)
        losses = []
        for step in steps:
            with count_collectives() as traffic:
                losses += train(
                    model, optim_wrapper, range(step, step + 1), part=share(rank), size=size
                )
            if name == 'straight' and step == 0:
                strategy.save_checkpoint(f'{folder}/step_1.pth', extra_ckpt={'meta': {'iter': 1}})
        results[name] = {'losses': losses, 'state_dict': dict(model.state_dict())}
    units = [m for m in model.modules() if isinstance(m, FullyShardedDataParallel)]
    held = sum(parameter.numel() for parameter in model.parameters())
    groups = decays(optim_wrapper, model)
    results['traffic'] = {name: call.call_count for name, call in traffic.items()}
    return {**results, 'units': len(units), 'held': held, 'groups': groups}
