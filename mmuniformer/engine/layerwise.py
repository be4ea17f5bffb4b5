"""Learning rates by depth and weight decay by kind of parameter, in few groups shown as a table."""

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
from .kinds import KINDS, Place, walk

DECAY_WORDS = tuple(f'{kind}_decay_mult' for kind in KINDS)
WORDS = ('layer_decay_rate', *DECAY_WORDS, 'bias_lr_mult', 'custom_keys', 'bypass_duplicate')
CUSTOM_WORDS = ('lr_mult', 'decay_mult')


@OPTIM_WRAPPER_CONSTRUCTORS.register_module()
class LayerwiseOptimWrapperConstructor(DefaultOptimWrapperConstructor):
    """Give every parameter its learning rate and weight decay; equal ones share a group.

    All words of ``paramwise_cfg`` are optional. With those that mmengine has too, the numbers are
    mmengine's, except for what it overlooks: depthwise convolutions of clips, ``in_proj_bias``.

    - ``layer_decay_rate``: in (0, 1]. The ``i``-th of ``n`` layers learns at ``lr`` times
      ``layer_decay_rate ** (n - 1 - i)``, as its backbone's ``get_layer_depth(name, prefix)``
      counts them. What is behind the backbone learns at ``lr``.
    - ``norm_decay_mult``, ``layer_scale_decay_mult``, ``bias_decay_mult``, ``dpe_decay_mult``,
      ``dwconv_decay_mult``, ``flat_decay_mult``: factors on the weight decay of norms, factors of
      residual branches, biases, position embeddings (DPE, which are depthwise convolutions),
      depthwise convolutions, one-dimensional parameters. Where several fit, the first of this list
      that is given counts: without ``norm_decay_mult`` the bias of a norm is a bias.
    - ``bias_lr_mult``: factor on the learning rate of biases, those of norms excepted.
    - ``custom_keys``: part of a name → ``dict(lr_mult=1.0, decay_mult=1.0)``. The longest key that
      fits replaces the factors above. The learning rate still depends on the layer.
    - ``bypass_duplicate``: take a parameter that two modules share once, instead of refusing it.

    Frozen parameters are left out, and counted in the table that goes to the log.

    Raises:
        ValueError: a word, a factor or a custom key without effect; ``lr`` or ``weight_decay``
            missing from the optimizer although a factor multiplies it; no backbone that tells the
            depth of its layers; a shared parameter.
        TypeError: ``paramwise_cfg``, ``custom_keys`` or one of its values is no dict.

    Example:
        >>> optim_wrapper = dict(
        ...     constructor='LayerwiseOptimWrapperConstructor',
        ...     optimizer=dict(type='AdamW', lr=1e-4, weight_decay=0.05),
        ...     paramwise_cfg=dict(layer_decay_rate=0.9, norm_decay_mult=0.0, bias_decay_mult=0.0),
        ... )
    """

    def add_params(self, params: list[dict], module: nn.Module) -> None:
        """Append the groups of all parameters of ``module`` to ``params``, and log them."""
        _check_matches(self.paramwise_cfg.get('custom_keys', {}), module)
        layer_of = self._layers(module)
        groups: dict[tuple[float, float], _Group] = {}
        frozen, shared = _Group(), _Group()
        seen: dict[nn.Parameter, str] = {}
        for place in walk(module):
            parameter = place.parameter
            if parameter in seen:
                self._refuse_unless_bypassed(parameter, seen[parameter], place.full_name)
                shared.add(parameter)
                continue
            seen[parameter] = place.full_name
            if not parameter.requires_grad:
                frozen.add(parameter)
                continue
            layer, lr_scale = layer_of(place.full_name)
            kind, lr_mult, decay_mult = self._rule(place)
            group = groups.setdefault((lr_scale * lr_mult, decay_mult), _Group())
            group.add(parameter, layer, kind)
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

    def _rule(self, place: Place) -> tuple[str, float, float]:
        """Kind, factor on the learning rate (without that of the layer), on the weight decay."""
        custom_keys = self.paramwise_cfg.get('custom_keys', {})
        fitting = [key for key in custom_keys if key in place.searched_name]
        if fitting:
            key = min(fitting, key=lambda key: (-len(key), key))
            custom = custom_keys[key]
            return f'key {key!r}', custom.get('lr_mult', 1.0), custom.get('decay_mult', 1.0)
        kinds = list(place.kinds())
        given = (self.paramwise_cfg.get(f'{kind}_decay_mult') for kind in kinds)
        decay_mult = next((mult for mult in given if mult is not None), 1.0)
        lr_mult = self.paramwise_cfg.get('bias_lr_mult')
        if lr_mult is None or 'bias' not in kinds or 'norm' in kinds:
            lr_mult = 1.0
        return kinds[0] if kinds else 'weight', lr_mult, decay_mult

    def _layers(self, model: nn.Module) -> Callable[[str], tuple[int | None, float]]:
        """Make the function from the name of a parameter to its layer and that layer's scale."""
        rate = self.paramwise_cfg['layer_decay_rate']
        if rate == 1:
            return lambda name: (None, 1.0)
        backbones = _backbones(model)

        def layer_of(name: str) -> tuple[int, float]:
            fitting = (prefix for prefix in backbones if name.startswith(prefix))
            prefix = next(fitting, next(iter(backbones)))
            layer, num_layers = backbones[prefix].get_layer_depth(name, prefix)
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
        _refuse_unknown('paramwise_cfg', cfg, WORDS)
        custom_keys = cfg.get('custom_keys', {})
        if not isinstance(custom_keys, dict):
            raise TypeError(f'custom_keys is a dict, got {type(custom_keys).__name__}')
        for key, custom in custom_keys.items():
            if not isinstance(custom, dict):
                raise TypeError(f'custom_keys[{key!r}] is a dict of {CUSTOM_WORDS}, got {custom!r}')
            _refuse_unknown(f'custom_keys[{key!r}]', custom, CUSTOM_WORDS)
        # Never empty: mmengine does not ask for groups then, and takes frozen parameters along.
        self.paramwise_cfg = {'layer_decay_rate': 1.0, **cfg}
        rate = _number('layer_decay_rate', self.paramwise_cfg['layer_decay_rate'])
        if not 0 < rate <= 1:
            raise ValueError(f'layer_decay_rate {rate} is outside (0, 1]')
        self._check_bases(custom_keys)

    def _check_bases(self, custom_keys: dict[str, dict]) -> None:
        """Refuse factors that are no numbers, or have nothing to multiply."""
        factors = {
            word: self.paramwise_cfg[word]
            for word in (*DECAY_WORDS, 'bias_lr_mult')
            if self.paramwise_cfg.get(word) is not None
        }
        for key, custom in custom_keys.items():
            factors |= {f'custom_keys[{key!r}] {word}': value for word, value in custom.items()}
        if (rate := self.paramwise_cfg['layer_decay_rate']) != 1:
            factors['layer_decay_rate'] = rate
        for word, value in factors.items():
            if _number(word, value) < 0:
                raise ValueError(f'{word} {value} is below 0')
            of_decay = word.endswith('decay_mult')
            if (self.base_wd if of_decay else self.base_lr) is None:
                base = 'weight_decay' if of_decay else 'lr'
                raise ValueError(f'{word} multiplies {base}: state {base} in the optimizer')


@dataclass
class _Group:
    """Parameters with the same settings, and what the table says about them."""

    parameters: list[nn.Parameter] = field(default_factory=list)
    layers: set[int | None] = field(default_factory=set)
    kinds: dict[str, None] = field(default_factory=dict)  # in the order of their appearance

    def add(self, parameter: nn.Parameter, layer: int | None = None, kind: str = '') -> None:
        self.parameters.append(parameter)
        self.layers.add(layer)
        self.kinds[kind] = None

    def sizes(self) -> tuple[str, str]:
        numel = sum(parameter.numel() for parameter in self.parameters)
        return f'{len(self.parameters):,}', f'{numel:,}'


def _backbones(model: nn.Module) -> dict[str, nn.Module]:
    """Find the modules that tell the depth of their parameters: prefix → module."""
    found: dict[str, nn.Module] = {}
    for path, module in model.named_modules():
        prefix = f'{path}.' if path else ''
        method = getattr(module, 'get_layer_depth', None)
        # mmpretrain's classifiers have a method of that name, without prefix, for their backbone.
        if method is None or 'prefix' not in inspect.signature(method).parameters:
            continue
        if not any(prefix.startswith(outer) for outer in found):
            found[prefix] = module
    if not found:
        backbone = getattr(model, 'backbone', model)
        raise ValueError(
            f'layer_decay_rate needs a backbone with get_layer_depth(param_name, prefix), which '
            f'{type(backbone).__name__} lacks; leave layer_decay_rate out, or take another backbone'
        )
    return found


def _number(word: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, Real):
        raise TypeError(f'{word} is a number, got {value!r}')
    return value


def _refuse_unknown(where: str, cfg: dict, words: tuple[str, ...]) -> None:
    for word in cfg:
        if word not in words:
            raise ValueError(
                f'{where} has no {word!r}{_near(word, words)}; there are {", ".join(words)}'
            )


def _check_matches(custom_keys: Iterable[str], model: nn.Module) -> None:
    names = [place.searched_name for place in walk(model)]
    parts = sorted({part for name in names for part in (name, *name.split('.'))})
    for key in custom_keys:
        if not any(key in name for name in names):
            raise ValueError(
                f'custom_keys: no parameter of {type(model).__name__} has {key!r} in its name'
                f'{_near(key, parts)}'
            )


def _near(word: str, words: Iterable[str]) -> str:
    near = difflib.get_close_matches(word, list(words))
    return f' (near: {", ".join(map(repr, near))})' if near else ''


def _table(
    groups: dict[tuple[float, float], _Group], others: dict[str, _Group], weight_decay: float | None
) -> str:
    table = Table(box=None)
    for column in ('layer', 'kind'):
        table.add_column(column, no_wrap=True)
    for column in ('lr scale', 'weight decay', 'tensors', 'parameters'):
        table.add_column(column, justify='right', no_wrap=True)
    for (lr_scale, decay_mult), group in groups.items():
        ends = sorted({min(group.layers), max(group.layers)}) if None not in group.layers else []
        layers = '-'.join(map(str, ends)) or 'all'
        decay = 'default' if weight_decay is None else f'{weight_decay * decay_mult:.4g}'
        table.add_row(layers, ', '.join(group.kinds), f'{lr_scale:.4g}', decay, *group.sizes())
    trained = _Group([parameter for group in groups.values() for parameter in group.parameters])
    for title, group in {'trained': trained, **others}.items():
        if group.parameters:
            table.add_row(title, '', '', '', *group.sizes())
    console = Console(file=io.StringIO(), width=200, color_system=None)
    console.print(table)
    lines = console.file.getvalue().splitlines()
    return '\n'.join(line.rstrip() for line in lines)
