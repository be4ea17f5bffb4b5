"""Stop training at the first non-finite loss, before weights and checkpoints are affected."""

import random
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from typing import Any, NoReturn

import numpy as np
import torch
from mmengine.hooks import CheckpointHook, Hook
from mmengine.model import BaseModel, is_model_wrapper
from mmengine.optim import OptimWrapper, OptimWrapperDict
from mmengine.runner import Runner, find_latest_checkpoint
from torch import Tensor, nn

from ...registry import HOOKS
from .non_finite_origin import find_in_backward, find_in_forward, non_finite_weights

ADVICE = 'Go on from there with --resume and a lower learning rate, in float32 or bfloat16'


@HOOKS.register_module()
class NonFiniteStopHook(Hook):
    """Stop training at the first loss that is infinite or NaN, before it affects the weights.

    It temporarily replaces ``backward`` of the optimizer wrapper to check the loss. If the loss is
    not finite, the batch is run again with the same random numbers and with hooks, to find the
    module that causes it.

    With ``clip_grad`` training also stops before a step with a non-finite gradient norm. Steps
    that the loss scaler of float16 skips are allowed. Weights are checked before validation and
    before ``CheckpointHook`` saves a checkpoint and deletes an old one, so no checkpoint has
    non-finite weights.

    Raises:
        FloatingPointError: names the module, the iteration and the last checkpoint.
        TypeError: before training, if there are several optimizers.
    """

    priority = 'VERY_HIGH'
    _watched: Any = None  # optimizer wrapper of the current training

    def before_train(self, runner: Runner) -> None:
        wrapper = runner.optim_wrapper
        if isinstance(wrapper, OptimWrapperDict):
            raise TypeError(
                f'NonFiniteStopHook watches one OptimWrapper, not {type(wrapper).__name__}; '
                'leave the hook out'
            )
        self._watched = wrapper
        wrapper.backward = partial(self._backward, runner, wrapper.backward)
        self._handle = None
        if wrapper.clip_grad_kwargs and wrapper.grad_name == 'grad_norm':
            check = partial(self._before_step, runner)
            self._handle = wrapper.optimizer.register_step_pre_hook(check)

    def after_train(self, runner: Runner) -> None:
        del self._watched.backward
        if self._handle is not None:
            self._handle.remove()
        self._watched = self._batch = None

    def before_train_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None) -> None:
        self._batch, self._random = data_batch, _random_state()
        self._place = f'iteration {runner.iter + 1}, epoch {runner.epoch + 1}'

    def after_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: Any = None
    ) -> None:
        hooks = [h for h in runner.hooks if isinstance(h, CheckpointHook) and not h.by_epoch]
        if hooks and (
            self.is_last_train_iter(runner)
            or any(self.every_n_train_iters(runner, h.interval, h.save_begin) for h in hooks)
        ):
            self._check_weights(runner)

    def after_train_epoch(self, runner: Runner) -> None:
        self._check_weights(runner)

    def before_val_epoch(self, runner: Runner) -> None:
        if self._watched is not None:
            self._check_weights(runner)

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        if self._watched is not None:
            self._check_weights(runner)

    def _backward(self, runner: Runner, backward: Callable, loss: Tensor, **options: Any) -> None:
        if not torch.isfinite(loss).all():
            origin = find_in_forward(_unwrap(runner.model), lambda: self._run_again(runner))
            self._stop(runner, f'the loss is {loss.item()}', origin)
        backward(loss, **options)

    def _before_step(self, runner: Runner, optimizer: Any, args: tuple, options: dict) -> None:
        if getattr(optimizer, 'found_inf', None) is not None:
            return  # float16: a fused optimizer skips the step itself
        norm = self._watched.message_hub.get_scalar('train/grad_norm').current()
        if not np.isfinite(norm):
            run = partial(self._run_again, runner, on_loss=Tensor.backward)
            origin = find_in_backward(_unwrap(runner.model), run)
            self._stop(runner, f'the norm of the gradient is {norm}', origin)

    def _run_again(self, runner: Runner, on_loss: Callable = lambda loss: None) -> None:
        _set_random_state(self._random)
        _unwrap(runner.model).train_step(self._batch, _WithoutStep(self._watched, on_loss))

    def _check_weights(self, runner: Runner) -> None:
        names = non_finite_weights(_unwrap(runner.model))
        if names:
            more = f' and {len(names) - 1} more' if len(names) > 1 else ''
            what = f'a weight is not finite: {names[0]}{more}'
            self._stop(runner, what, 'after a finite loss, in a gradient or the optimizer')

    def _stop(self, runner: Runner, what: str, origin: str | None) -> NoReturn:
        where = origin or 'nowhere in a second pass of the batch: it depends on random numbers'
        last = find_latest_checkpoint(runner.work_dir)
        kept = f'The last checkpoint is {last}. {ADVICE}.' if last else 'There is no checkpoint.'
        message = f'{self._place}: {what}. It begins {where}. {kept}'
        runner.logger.error(message)
        raise FloatingPointError(message)


class _WithoutStep:
    """An optimizer wrapper for ``train_step`` that does not update weights."""

    def __init__(self, wrapper: OptimWrapper, on_loss: Callable[[Tensor], Any]):
        self.wrapper = wrapper
        self.on_loss = on_loss

    def optim_context(self, model: nn.Module) -> AbstractContextManager:
        return self.wrapper.optim_context(model)

    def update_params(self, loss: Tensor, **options: Any) -> None:
        self.on_loss(loss)


def _unwrap(model: nn.Module) -> BaseModel:
    return model.module if is_model_wrapper(model) else model


def _random_state() -> tuple:
    on_gpu = torch.cuda.get_rng_state() if torch.cuda.is_initialized() else None
    return random.getstate(), np.random.get_state(), torch.get_rng_state(), on_gpu


def _set_random_state(state: tuple) -> None:
    python, numpy, cpu, gpu = state
    random.setstate(python)
    np.random.set_state(numpy)
    torch.set_rng_state(cpu)
    if gpu is not None:
        torch.cuda.set_rng_state(gpu)
