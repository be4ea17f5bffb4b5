"""A resolved config as Python text, with the file that each value comes from."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from keyword import iskeyword
from pathlib import Path
from typing import Any

from mmengine.config import Config

from .configs import CONFIG_FOLDERS, find_config

OPTIONS = '--cfg-options'
WIDTH = 88  # of a value that stays on one line
ABSENT = object()


@dataclass(frozen=True)
class Layer:
    """A config file, or the options of the command line, on top of what it inherits.

    Attributes:
        name: of the file as a user writes it, or ``'--cfg-options'``.
        values: resolved, what is inherited included.
    """

    name: str
    values: Mapping[str, Any]
    bases: tuple[Layer, ...] = field(default=(), repr=False)

    def walk(self) -> Iterator[Layer]:
        """This layer and all below it, each once, the inheriting ones first."""
        seen: dict[str, Layer] = {self.name: self}
        for base in self.bases:
            seen |= {layer.name: layer for layer in base.walk() if layer.name not in seen}
        yield from seen.values()


def read_layers(config: str | Path, options: Mapping[str, Any] | None = None) -> Layer:
    """Read a config and each file that it inherits.

    Args:
        config: path or name.
        options: dotted keys and their values, which take precedence.

    Raises:
        FileNotFoundError: neither a file nor a config with this name exists.
    """
    layer = _read(find_config(config))
    if not options:
        return layer
    merged = Config(deepcopy(dict(layer.values)))
    merged.merge_from_dict(dict(options))
    return Layer(OPTIONS, merged.to_dict(), (layer,))


def _read(path: Path) -> Layer:
    # The two methods are those by which mmengine finds the files of `_base_`.
    bases = Config._get_base_files(str(path))
    paths = [Config._get_cfg_path(base, str(path))[0] for base in bases]
    values = Config.fromfile(path).to_dict()
    return Layer(_name(path), values, tuple(_read(Path(base)) for base in paths))


def _name(path: Path) -> str:
    path = Path(os.path.normpath(path.absolute()))
    for folder in CONFIG_FOLDERS:
        if path.is_relative_to(folder):
            return (Path('configs') / path.relative_to(folder)).as_posix()
    parts = path.parts
    if '.mim' in parts:  # of an installed toolbox
        index = parts.index('.mim')
        return f'{parts[index - 1]}::{"/".join(parts[index + 2 :])}'
    return os.path.relpath(path)


def _without_scopes(value: Any) -> Any:
    """Drop scopes, which mmengine adds to parts that are inherited from a toolbox."""
    if isinstance(value, dict):
        return {key: _without_scopes(part) for key, part in value.items() if key != '_scope_'}
    if isinstance(value, list | tuple):
        return type(value)(map(_without_scopes, value))
    return value


def find_source(layer: Layer, keys: tuple[str, ...]) -> Layer:
    """Return the lowest layer that already has the value of ``keys``.

    A value that a file repeats thus comes from the file that it inherits.

    Args:
        keys: of nested dictionaries; lists count as a whole, as mmengine replaces them.

    Raises:
        KeyError: the config has no such value.
    """
    value = _lookup(layer.values, keys)
    if value is ABSENT:
        raise KeyError('.'.join(keys))
    for base in layer.bases:
        if _without_scopes(_lookup(base.values, keys)) == _without_scopes(value):
            return find_source(base, keys)
    return layer


def _lookup(values: Any, keys: tuple[str, ...]) -> Any:
    for key in keys:
        if not isinstance(values, dict) or key not in values:
            return ABSENT
        values = values[key]
    return values


def describe_config(layer: Layer) -> str:
    """Write a config as Python text that has the same values, and a comment for each source.

    A comment after the first line of a value is about the whole value. A dictionary that several
    files contribute to has a comment for each part.
    """
    files = [each.name for each in layer.walk()]
    lines = [f'# {files[0]}', *(f'#   inherits {name}' for name in files[1:]), '']
    for key in layer.values:
        lines += _statement(layer, (key,), f'{key} = ', '')
    return '\n'.join(lines) + '\n'


def _statement(layer: Layer, keys: tuple[str, ...], start: str, end: str) -> list[str]:
    value = _lookup(layer.values, keys)
    source = find_source(layer, keys)
    mixed = isinstance(value, dict) and any(
        isinstance(_lookup(base.values, keys), dict) for base in source.bases
    )
    indent = '    ' * (len(keys) - 1)
    if not mixed or not _is_plain(value):
        first, *rest = _format(value, start, end, indent)
        return [f'{first}  # {source.name}', *rest]
    lines = [f'{indent}{start}dict(']
    for key in value:
        lines += _statement(layer, (*keys, key), f'{key}=', ',')
    return [*lines, f'{indent}){end}']


def _is_plain(value: Mapping) -> bool:
    """Whether all keys can be arguments of ``dict``."""
    return all(isinstance(key, str) and key.isidentifier() and not iskeyword(key) for key in value)


def _format(value: Any, start: str, end: str, indent: str) -> list[str]:
    """Lines of a value between ``start`` and ``end``, broken at its parts where it is long."""
    whole = f'{indent}{start}{_inline(value)}{end}'
    if len(whole) <= WIDTH or not isinstance(value, dict | list | tuple) or not value:
        return [whole]
    deeper = indent + '    '
    if isinstance(value, dict) and _is_plain(value):
        pairs, brackets = [(f'{key}=', part) for key, part in value.items()], ('dict(', ')')
    elif isinstance(value, dict):
        pairs, brackets = [(f'{key!r}: ', part) for key, part in value.items()], ('{', '}')
    else:
        pairs, brackets = [('', part) for part in value], _brackets(value)
    lines = [line for begin, part in pairs for line in _format(part, begin, ',', deeper)]
    return [f'{indent}{start}{brackets[0]}', *lines, f'{indent}{brackets[1]}{end}']


def _inline(value: Any) -> str:
    if isinstance(value, dict) and _is_plain(value):
        return f'dict({", ".join(f"{key}={_inline(part)}" for key, part in value.items())})'
    if isinstance(value, dict):
        return f'{{{", ".join(f"{key!r}: {_inline(part)}" for key, part in value.items())}}}'
    if isinstance(value, list | tuple):
        opening, closing = _brackets(value)
        comma = ',' if isinstance(value, tuple) and len(value) == 1 else ''
        return f'{opening}{", ".join(map(_inline, value))}{comma}{closing}'
    return repr(value)


def _brackets(value: list | tuple) -> tuple[str, str]:
    return ('[', ']') if isinstance(value, list) else ('(', ')')


def dump_config(config: Config, out: Path) -> None:
    """Write a resolved config, which reads back equal.

    Raises:
        ValueError: ``out`` does not end in .py; other formats know no tuples.
        FileExistsError: ``out`` is there already.
    """
    if out.suffix != '.py':
        raise ValueError(f'{out} does not end in .py; other formats do not keep tuples')
    if out.exists():
        raise FileExistsError(f'{out} exists already; name another file')
    out.parent.mkdir(parents=True, exist_ok=True)
    with out.open('x', encoding='utf-8') as file:
        file.write(config.pretty_text)
