"""Test with fused backbones."""

import copy
from typing import Any

from mmengine.hooks import Hook
from mmengine.runner import Runner

from ..models.mm_backbone import MMBackbone
from ..registry import HOOKS


@HOOKS.register_module()
class FuseHook(Hook):
    """Test with a fused copy of the backbone, see :meth:`mmuniformer.models.UniFormer.fuse`.

    It temporarily replaces the backbone's ``forward`` by that of the copy. The weights of the model
    do not change, so checkpoints, validation and further training are not affected. The copy is
    made after ``EMAHook`` has run, from the averaged weights.

    Raises:
        ValueError: before the test, if the model has no backbone of this package.
    """

    priority = 'VERY_LOW'

    def before_test_epoch(self, runner: Runner) -> None:
        found = [module for module in runner.model.modules() if isinstance(module, MMBackbone)]
        if not found:
            raise ValueError(
                f'FuseHook finds no backbone of mmuniformer in {type(runner.model).__name__}; '
                'leave the hook out'
            )
        self._patched = found
        for backbone in found:
            backbone.forward = copy.deepcopy(backbone).eval().fuse().forward

    def after_test_epoch(self, runner: Runner, metrics: dict[str, Any] | None = None) -> None:
        for backbone in self._patched:
            del backbone.forward
