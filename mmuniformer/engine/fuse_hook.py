"""Testing with the backbone in its form for inference."""

import copy
from typing import Any

from mmengine.hooks import Hook
from mmengine.runner import Runner

from ..models.mm_backbone import MMBackbone
from ..registry import HOOKS


@HOOKS.register_module()
class FuseHook(Hook):
    """Test with a fused copy of the backbone: :meth:`mmuniformer.models.UniFormer.fuse`.

    The model keeps its backbone with all weights and only borrows the copy's ``forward``, from the
    beginning of the test to its end. So checkpoints, validation and a training that goes on do not
    change. The copy is made behind ``EMAHook``, of the averaged weights.

    Raises:
        ValueError: before the test, if there is no backbone of ours in the model.
    """

    priority = 'VERY_LOW'

    def before_test_epoch(self, runner: Runner) -> None:
        found = [module for module in runner.model.modules() if isinstance(module, MMBackbone)]
        if not found:
            raise ValueError(
                f'FuseHook finds no backbone of mmuniformer in {type(runner.model).__name__}; '
                'leave the hook out'
            )
        self._lent = found
        for backbone in found:
            backbone.forward = copy.deepcopy(backbone).eval().fuse().forward

    def after_test_epoch(self, runner: Runner, metrics: dict[str, Any] | None = None) -> None:
        for backbone in self._lent:
            del backbone.forward
