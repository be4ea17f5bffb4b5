"""Layer-wise learning-rate decay and weight decay by parameter type."""

import difflib
import inspect
import io
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from numbers import Real
from typing import Any

from mmengine.logging import print_log
from mmengine.optim import DefaultOptimWrapperConstructor
from rich.console import Console
from rich.table import Table
from torch import nn

from ..registry import OPTIM_WRAPPER_CONSTRUCTORS
from .param_info import PARAM_TYPES, ParamInfo, iter_parameters

DECAY_KEYS = tuple(f'{name}_decay_mult' for name in PARAM_TYPES)
ALLOWED_KEYS = ('layer_decay_rate', *DECAY_KEYS, 'bias_lr_mult', 'custom_keys', 'bypass_duplicate')
CUSTOM_KEY_FIELDS = ('lr_mult', 'decay_mult')

GetLayerDepth = Callable[[str, str], tuple[int, int]]


@OPTIM_WRAPPER_CONSTRUCTORS.register_module()
class LayerwiseOptimWrapperConstructor(DefaultOptimWrapperConstructor):
    """Set the learning rate and weight decay of each parameter; parameters are grouped by both.

    All keys of ``paramwise_cfg`` are optional. Those that mmengine also has give the same
    values, except for depthwise 3D convolutions and ``in_proj_bias``, which mmengine misses.

    - ``layer_decay_rate``: in (0, 1]. The ``i``-th of ``n`` layers learns at ``lr`` times
      ``layer_decay_rate ** (n - 1 - i)``, as its backbone's ``get_layer_depth(name, prefix)``
      counts them. Everything after the backbone learns at ``lr``.
    - ``norm_decay_mult``, ``layer_scale_decay_mult``, ``bias_decay_mult``, ``dpe_decay_mult``,
      ``dwconv_decay_mult``, ``flat_decay_mult``: factors on the weight decay of norms, factors of
      residual branches, biases, position embeddings (DPE, which are depthwise convolutions),
      depthwise convolutions, one-dimensional parameters. If several apply, the first one given
      counts: without ``norm_decay_mult`` the bias of a norm is a bias.
    - ``bias_lr_mult``: factor on the learning rate of biases, those of norms excepted.
    - ``custom_keys``: part of a name → ``dict(lr_mult=1.0, decay_mult=1.0)``. The longest match
      replaces the factors above. The learning rate still depends on the layer.
    - ``bypass_duplicate``: take a parameter that two modules share once, instead of refusing it.

    Frozen parameters are left out, and counted in the table that is logged.

    Raises:
        ValueError: a key, a factor or a custom key has no effect; a factor multiplies ``lr`` or
            ``weight_decay``, which the optimizer lacks; no backbone has ``get_layer_depth``; a
            parameter is shared.
        TypeError: ``paramwise_cfg``, ``custom_keys`` or one of its values is not a dict.

    Example:
        >>> optim_wrapper = dict(
        ...     constructor='LayerwiseOptimWrapperConstructor',
        ...     optimizer=dict(type='AdamW', lr=1e-4, weight_decay=0.05),
        ...     paramwise_cfg=dict(layer_decay_rate=0.9, norm_decay_mult=0.0, bias_decay_mult=0.0),
        ... )
    """

    paramwise_cfg: dict[str, Any]

    def add_params(self, params: list[dict], module: nn.Module) -> None:
        """Append the groups of all parameters of ``module`` to ``params``, and log them."""
        _check_matches(self.paramwise_cfg.get('custom_keys', {}), module)
        layer_of = self._layers(module)
        groups: dict[tuple[float, float], _Group] = {}
        frozen, shared = _Group(), _Group()
        seen: dict[nn.Parameter, str] = {}
        for info in iter_parameters(module):
            parameter = info.parameter
            if parameter in seen:
                self._refuse_unless_bypassed(parameter, seen[parameter], info.full_name)
                shared.add(parameter)
                continue
            seen[parameter] = info.full_name
            if not parameter.requires_grad:
                frozen.add(parameter)
                continue
            layer, lr_scale = layer_of(info.full_name)
            param_type, lr_mult, decay_mult = self._rule(info)
            group = groups.setdefault((lr_scale * lr_mult, decay_mult), _Group())
            group.add(parameter, layer, param_type)
        for (lr_scale, decay_mult), group in groups.items():
            params.append({'params': group.parameters, **self._options(lr_scale, decay_mult)})
        table = _table(groups, {'frozen': frozen, 'shared': shared}, self.base_wd)
        print_log(f'parameters of the optimizer\n{table}', logger='current')

    def _options(self, lr_scale: float, decay_mult: float) -> dict[str, float]:
        options = {}
        if self.base_lr is not None:
            options['lr'] = self.base_lr * lr_scale
        if self.base_wd is not None:
            options['weight_decay'] = self.base_wd * decay_mult
        return options

    def _rule(self, info: ParamInfo) -> tuple[str, float, float]:
        """Return type, factor of the learning rate without layer decay, and of weight decay."""
        custom_keys = self.paramwise_cfg.get('custom_keys', {})
        fitting = [key for key in custom_keys if key in info.match_key]
        if fitting:
            key = min(fitting, key=lambda key: (-len(key), key))
            custom = custom_keys[key]
            return f'key {key!r}', custom.get('lr_mult', 1.0), custom.get('decay_mult', 1.0)
        types = list(info.types())
        given = (self.paramwise_cfg.get(f'{name}_decay_mult') for name in types)
        decay_mult = next((mult for mult in given if mult is not None), 1.0)
        lr_mult = self.paramwise_cfg.get('bias_lr_mult')
        if lr_mult is None or 'bias' not in types or 'norm' in types:
            lr_mult = 1.0
        return types[0] if types else 'weight', lr_mult, decay_mult

    def _layers(self, model: nn.Module) -> Callable[[str], tuple[int | None, float]]:
        """Return a function from the name of a parameter to its layer and the layer's scale."""
        rate = self.paramwise_cfg['layer_decay_rate']
        if rate == 1:
            return lambda name: (None, 1.0)
        backbones = _backbones(model)

        def layer_of(name: str) -> tuple[int, float]:
            fitting = (prefix for prefix in backbones if name.startswith(prefix))
            prefix = next(fitting, next(iter(backbones)))
            layer, num_layers = backbones[prefix](name, prefix)
            return layer, rate ** (num_layers - 1 - layer)

        return layer_of

    def _refuse_unless_bypassed(self, parameter: nn.Parameter, first: str, second: str) -> None:
        if not parameter.requires_grad:
            return
        if not self.paramwise_cfg.get('bypass_duplicate', False):
            raise ValueError(
                f'{first} and {second} are the same parameter; bypass_duplicate=True in '
                'paramwise_cfg takes it once, with the settings of the first name'
            )
        print_log(f'{second} is {first} and bypassed', 'current', level=logging.WARNING)

    def _validate_cfg(self) -> None:
        cfg = self.paramwise_cfg
        if not isinstance(cfg, dict):
            raise TypeError(f'paramwise_cfg is a dict or None, got {type(cfg).__name__}')
        _refuse_unknown('paramwise_cfg', cfg, ALLOWED_KEYS)
        custom_keys = cfg.get('custom_keys', {})
        if not isinstance(custom_keys, dict):
            raise TypeError(f'custom_keys is a dict, got {type(custom_keys).__name__}')
        for key, custom in custom_keys.items():
            if not isinstance(custom, dict):
                raise TypeError(
                    f'custom_keys[{key!r}] is a dict of {CUSTOM_KEY_FIELDS}, got {custom!r}'
                )
            _refuse_unknown(f'custom_keys[{key!r}]', custom, CUSTOM_KEY_FIELDS)
        # If it were empty, mmengine would make no groups and optimize frozen parameters too.
        self.paramwise_cfg = {'layer_decay_rate': 1.0, **cfg}
        rate = _number('layer_decay_rate', self.paramwise_cfg['layer_decay_rate'])
        if not 0 < rate <= 1:
            raise ValueError(f'layer_decay_rate {rate} is outside (0, 1]')
        self._check_bases(custom_keys)

    def _check_bases(self, custom_keys: dict[str, dict]) -> None:
        """Raise if a factor is not a number, or has no base to multiply."""
        factors = {
            key: self.paramwise_cfg[key]
            for key in (*DECAY_KEYS, 'bias_lr_mult')
            if self.paramwise_cfg.get(key) is not None
        }
        for key, custom in custom_keys.items():
            factors |= {f'custom_keys[{key!r}] {name}': value for name, value in custom.items()}
        if (rate := self.paramwise_cfg['layer_decay_rate']) != 1:
            factors['layer_decay_rate'] = rate
        for name, value in factors.items():
            if _number(name, value) < 0:
                raise ValueError(f'{name} {value} is below 0')
            of_decay = name.endswith('decay_mult')
            if (self.base_wd if of_decay else self.base_lr) is None:
                base = 'weight_decay' if of_decay else 'lr'
                raise ValueError(f'{name} multiplies {base}: state {base} in the optimizer')


@dataclass
class _Group:
    """Parameters with the same settings, and their row in the logged table."""

    parameters: list[nn.Parameter] = field(default_factory=list)
    layers: set[int | None] = field(default_factory=set)
    types: dict[str, None] = field(default_factory=dict)  # in order of appearance

    def add(self, parameter: nn.Parameter, layer: int | None = None, param_type: str = '') -> None:
        self.parameters.append(parameter)
        self.layers.add(layer)
        self.types[param_type] = None

    def sizes(self) -> tuple[str, str]:
        numel = sum(parameter.numel() for parameter in self.parameters)
        return f'{len(self.parameters):,}', f'{numel:,}'


def _backbones(model: nn.Module) -> dict[str, GetLayerDepth]:
    """Return the methods ``get_layer_depth`` of the backbones: prefix → method."""
    found: dict[str, GetLayerDepth] = {}
    for path, module in model.named_modules():
        prefix = f'{path}.' if path else ''
        method = getattr(module, 'get_layer_depth', None)
        # mmpretrain's classifiers have this method without prefix; it calls that of the backbone.
        if method is None or 'prefix' not in inspect.signature(method).parameters:
            continue
        if not any(prefix.startswith(outer) for outer in found):
            found[prefix] = method
    if not found:
        backbone = getattr(model, 'backbone', model)
        raise ValueError(
            f'layer_decay_rate needs a backbone with get_layer_depth(param_name, prefix), which '
            f'{type(backbone).__name__} lacks; leave layer_decay_rate out, or take another backbone'
        )
    return found


def _number(name: str, value: Any) -> float:
    is_number = isinstance(value, Real) and not isinstance(value, bool)
    if not is_number:
        raise TypeError(f'{name} is a number, got {value!r}')
    return value


def _refuse_unknown(where: str, cfg: dict, allowed: tuple[str, ...]) -> None:
    for key in cfg:
        if key not in allowed:
            raise ValueError(
                f'{where} has no {key!r}{_near(key, allowed)}; there are {", ".join(allowed)}'
            )


def _check_matches(custom_keys: Iterable[str], model: nn.Module) -> None:
    names = [info.match_key for info in iter_parameters(model)]
    parts = sorted({part for name in names for part in (name, *name.split('.'))})
    for key in custom_keys:
        if not any(key in name for name in names):
            raise ValueError(
                f'custom_keys: no parameter of {type(model).__name__} has {key!r} in its name'
                f'{_near(key, parts)}'
            )


def _near(name: str, names: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, list(names))
    return f' (near: {", ".join(map(repr, near))})' if near else ''


def _table(
    groups: dict[tuple[float, float], _Group], others: dict[str, _Group], weight_decay: float | None
) -> str:
    table = Table(box=None)
    for column in ('layer', 'type'):
        table.add_column(column, no_wrap=True)
    for column in ('lr scale', 'weight decay', 'tensors', 'parameters'):
        table.add_column(column, justify='right', no_wrap=True)
    for (lr_scale, decay_mult), group in groups.items():
        numbers = [layer for layer in group.layers if layer is not None]
        ends = sorted({min(numbers), max(numbers)}) if numbers else []
        layers = '-'.join(map(str, ends)) or 'all'
        decay = 'default' if weight_decay is None else f'{weight_decay * decay_mult:.4g}'
        table.add_row(layers, ', '.join(group.types), f'{lr_scale:.4g}', decay, *group.sizes())
    trained = _Group([parameter for group in groups.values() for parameter in group.parameters])
    for title, group in {'trained': trained, **others}.items():
        if group.parameters:
            table.add_row(title, '', '', '', *group.sizes())
    text = io.StringIO()
    Console(file=text, width=200, color_system=None).print(table)
    return '\n'.join(line.rstrip() for line in text.getvalue().splitlines())
