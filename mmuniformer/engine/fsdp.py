"""FSDP with mmengine's FlexibleRunner, and fixes for mmengine 0.10."""

from typing import Any

from mmengine._strategy import FSDPStrategy
from mmengine.device import get_device
from mmengine.optim import AmpOptimWrapper, BaseOptimWrapper, build_optim_wrapper
from mmengine.registry import OPTIM_WRAPPERS
from torch import nn
from torch.distributed.fsdp import FullyShardedDataParallel
from torch.nn.utils import clip_grad_norm_

from ..registry import STRATEGIES

_SHARDED = ('state', 'param_groups')  # keys of an optimizer's state dict; a wrapper may add others


@STRATEGIES.register_module()
class GroupedFSDPStrategy(FSDPStrategy):
    """FSDP with parameter groups that are made before sharding, and resumable checkpoints.

    The arguments are those of mmengine's ``FSDPStrategy``, which makes the groups from the
    shards. These all have one dimension, so multipliers by type of parameter
    (:class:`LayerwiseOptimWrapperConstructor`) are silently wrong: ``flat_decay_mult=0`` removes
    all weight decay. It also clips the gradients of each process by the norm of its own shards,
    does not save the loss scale of mixed precision, and fails to resume, because PyTorch 2.1
    changed the order of arguments.

    It also runs without an accelerator, with gloo, which is slow and meant for testing.

    Raises:
        ValueError: ``use_orig_params=False``, which mixes parameters of several groups, or more
            than one optimizer.

    Example:
        >>> runner_type = 'FlexibleRunner'
        >>> strategy = dict(
        ...     type='GroupedFSDPStrategy',
        ...     model_wrapper=dict(
        ...         type='MMFullyShardedDataParallel', auto_wrap_policy='wrap_uniformer_blocks'
        ...     ),
        ...     state_dict_cfg='full',
        ... )
    """

    model_wrapper: dict | None

    def __init__(self, *, model_wrapper: dict | None = None, **options: Any):
        if model_wrapper is not None and not model_wrapper.get('use_orig_params', True):
            raise ValueError(
                'use_orig_params=False merges parameters of several groups; leave it out'
            )
        super().__init__(model_wrapper=model_wrapper, **options)

    def prepare(
        self,
        model: nn.Module | dict,
        *,
        optim_wrapper: BaseOptimWrapper | dict | None = None,
        **options: Any,
    ) -> Any:
        """Build, shard and group; arguments and return value are those of mmengine's strategies."""
        if not self._prepared:
            model = self.build_model(model)
            if isinstance(optim_wrapper, dict):
                optim_wrapper = build_optim_wrapper(model, _for_shards(optim_wrapper))
        return super().prepare(model, optim_wrapper=optim_wrapper, **options)

    def _wrap_model(self, model: nn.Module) -> nn.Module:
        if get_device() == 'cpu':
            # FSDP takes an int for a GPU; offloading shards that are on the CPU frees them.
            self.model_wrapper = {'device_id': 'cpu', **(self.model_wrapper or {})}
            self.state_dict_config.offload_to_cpu = False
            self.optim_state_dict_config.offload_to_cpu = False
        return super()._wrap_model(model)

    def build_optim_wrapper(
        self, optim_wrapper: BaseOptimWrapper, model: FullyShardedDataParallel
    ) -> BaseOptimWrapper:
        """Replace each parameter in the groups by its shards."""
        optimizer = getattr(optim_wrapper, 'optimizer', None)
        if optimizer is None:
            raise ValueError(
                f'{type(optim_wrapper).__name__} has several optimizers, FSDP takes one'
            )
        shards = {_original_name(name): shard for name, shard in model.named_parameters()}
        for group in optimizer.param_groups:
            group['params'] = [shards[self.id_to_name[id(whole)]] for whole in group['params']]
        if getattr(optim_wrapper, 'clip_func', None) is clip_grad_norm_:
            optim_wrapper.clip_func = lambda _, **limits: model.clip_grad_norm_(**limits)
        return optim_wrapper

    def optim_state_dict(self) -> dict:
        """Gather the optimizer's state, in full on rank 0 if ``state_dict_cfg`` says so."""
        state = FullyShardedDataParallel.optim_state_dict(self.model, self.optim_wrapper.optimizer)
        wrapped = self.optim_wrapper.state_dict()
        return {**state, **{key: wrapped[key] for key in wrapped if key not in _SHARDED}}

    def load_optim_state_dict(self, state_dict: dict) -> None:
        """Shard a state dict of :meth:`optim_state_dict` and load it."""
        # By name: PyTorch 2.1 changed the order.
        sharded = FullyShardedDataParallel.optim_state_dict_to_load(
            model=self.model,
            optim=self.optim_wrapper.optimizer,
            optim_state_dict={key: state_dict[key] for key in _SHARDED},
        )
        self.optim_wrapper.load_state_dict({**state_dict, **sharded})


def _original_name(name: str) -> str:
    return name.replace('_fsdp_wrapped_module.', '')


def _for_shards(cfg: dict) -> dict:
    """Use FSDP's gradient scaler for mixed precision."""
    cls = cfg.get('type', 'OptimWrapper')
    cls = OPTIM_WRAPPERS.get(cls) if isinstance(cls, str) else cls
    is_amp = cls is not None and issubclass(cls, AmpOptimWrapper)
    return {'use_fsdp': True, **cfg} if is_amp else cfg
