"""The parameters of a model one by one, and what each of them is."""

from collections.abc import Iterator
from typing import NamedTuple

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.instancenorm import _InstanceNorm

NORMS = (_BatchNorm, _InstanceNorm, nn.GroupNorm, nn.LayerNorm)
CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d)

# A parameter may be of several kinds. The first one whose word is given decides.
KINDS = ('norm', 'layer_scale', 'bias', 'dpe', 'dwconv', 'flat')


class Place(NamedTuple):
    """Where a parameter sits: ``name`` in the module ``owner``, which is at ``path``."""

    path: str
    name: str
    owner: nn.Module
    parameter: nn.Parameter

    @property
    def full_name(self) -> str:
        return _join(self.path, self.name)

    @property
    def searched_name(self) -> str:
        """What custom keys are looked up in; as in mmengine, with a dot before ``cls_token``."""
        return f'{self.path}.{self.name}'

    def kinds(self) -> Iterator[str]:
        """Tell what the parameter is, in the order of :data:`KINDS`."""
        if isinstance(self.owner, NORMS):
            yield 'norm'
        if self.name in ('gamma_1', 'gamma_2'):
            yield 'layer_scale'
        if self.name in ('bias', 'in_proj_bias'):
            yield 'bias'
        if isinstance(self.owner, CONVOLUTIONS) and self.owner.groups == self.owner.in_channels:
            parent, own = ['', *self.path.split('.')][-2:]
            # UniFormer's blocks have one each; UniFormerV2 has a list of them.
            if own == 'pos_embed' or parent == 'dpe':
                yield 'dpe'
            yield 'dwconv'
        if self.parameter.ndim == 1:
            yield 'flat'


def walk(module: nn.Module, path: str = '') -> Iterator[Place]:
    """Go through all parameters; what two modules share comes once for each of them."""
    for name, parameter in module.named_parameters(recurse=False):
        yield Place(path, name, module, parameter)
    for name, child in module.named_children():
        yield from walk(child, _join(path, name))


def _join(path: str, name: str) -> str:
    return f'{path}.{name}' if path else name
