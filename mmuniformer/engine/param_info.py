"""The parameters of a model with their types, such as norm, bias or DPE."""

from collections.abc import Iterator
from typing import NamedTuple

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.instancenorm import _InstanceNorm

from ..layers.dpe import DPE

NORMS = (_BatchNorm, _InstanceNorm, nn.GroupNorm, nn.LayerNorm)
CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d)

# A parameter may have several types. The first one in this order that a config sets counts.
PARAM_TYPES = ('norm', 'layer_scale', 'bias', 'dpe', 'dwconv', 'flat')


class ParamInfo(NamedTuple):
    """The parameter ``name`` of ``module``, which is at ``path`` in the model."""

    path: str
    name: str
    module: nn.Module
    parameter: nn.Parameter

    @property
    def full_name(self) -> str:
        return _join(self.path, self.name)

    @property
    def match_key(self) -> str:
        """Name that custom keys are matched against, with a leading dot as in mmengine."""
        return f'{self.path}.{self.name}'

    def types(self) -> Iterator[str]:
        """Types of the parameter, in the order of :data:`PARAM_TYPES`."""
        if isinstance(self.module, NORMS):
            yield 'norm'
        if self.name in ('gamma_1', 'gamma_2'):
            yield 'layer_scale'
        if self.name in ('bias', 'in_proj_bias'):
            yield 'bias'
        if isinstance(self.module, DPE):
            yield 'dpe'
        if isinstance(self.module, CONVOLUTIONS) and self.module.groups == self.module.in_channels:
            yield 'dwconv'
        if self.parameter.ndim == 1:
            yield 'flat'


def iter_parameters(module: nn.Module, path: str = '') -> Iterator[ParamInfo]:
    """Yield all parameters; shared ones are yielded once per module."""
    for name, parameter in module.named_parameters(recurse=False):
        yield ParamInfo(path, name, module, parameter)
    for name, child in module.named_children():
        yield from iter_parameters(child, _join(path, name))


def _join(path: str, name: str) -> str:
    return f'{path}.{name}' if path else name
