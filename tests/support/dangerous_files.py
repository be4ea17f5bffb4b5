"""Files that run code when they are unpickled: each would make a file ``marker``."""

import argparse
import io
import operator
import os
import pickle
import subprocess
import zipfile
from collections import OrderedDict
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import torch
from load_families import pth
from mmengine.logging import HistoryBuffer


class Call:
    """Unpickling calls a function."""

    def __init__(self, function: Any, *arguments: Any, state: Any = None):
        self.called = (function, arguments) if state is None else (function, arguments, state)

    def __reduce__(self) -> tuple:
        return self.called

    def __call__(self, *_: Any) -> None:
        """Pickle wants it to be callable where another call calls its result."""
        raise TypeError('nothing calls it before it is unpickled')


def _line(marker: Path) -> str:
    return f"open({str(marker)!r}, 'w').close()"


def _attribute(owner: Any, name: str) -> Call:
    return Call(getattr, owner, name)


def _by_the_history(marker: Path) -> Call:
    """``getattr`` of a HistoryBuffer, which mmengine's checkpoints ask for, as the way to more."""
    scope = _attribute(_attribute(HistoryBuffer, '__init__'), '__globals__')
    builtins_ = Call(_attribute(scope, 'get'), '__builtins__')
    return Call(Call(_attribute(builtins_, 'get'), 'eval'), _line(marker))


CALLS: dict[str, Callable[[Path], Call]] = {
    'os.system': lambda marker: Call(os.system, f'touch {marker}'),
    'eval': lambda marker: Call(eval, _line(marker)),
    'exec': lambda marker: Call(exec, _line(marker)),
    'open': lambda marker: Call(open, str(marker), 'w'),
    'subprocess': lambda marker: Call(subprocess.check_call, ['touch', str(marker)]),
    'method': lambda marker: Call(Path.touch, marker),
    'getattr': lambda marker: Call(_attribute(Call(__import__, 'os'), 'system'), f'touch {marker}'),
    'getattr of a history': _by_the_history,
    'its state': lambda marker: Call(argparse.Namespace, state={'a': Call(eval, _line(marker))}),
    'its arguments': lambda marker: Call(OrderedDict, [('a', Call(eval, _line(marker)))]),
    'methodcaller': lambda marker: Call(
        Call(operator.methodcaller, 'system', f'touch {marker}'), Call(__import__, 'os')
    ),
}


def call_of(what: str, marker: Path) -> Call:
    return CALLS[what](marker)


PLACES: dict[str, Callable[[dict, Any], Any]] = {
    'the whole file': lambda state, call: call,
    'a tensor': lambda state, call: {**state, next(iter(state)): call},
    'the state dict': lambda state, call: {'state_dict': call},
    'beside it': lambda state, call: {'state_dict': state, 'optimizer': call},
    'before it': lambda state, call: {'meta': call, 'state_dict': state},
    'in a list': lambda state, call: {'state_dict': state, 'meta': {'hooks': [(1, [call])]}},
    'a name': lambda state, call: {'state_dict': {**state, call: torch.ones(1)}},
    'an attribute': lambda state, call: {'model': state, 'args': argparse.Namespace(lr=call)},
    'its ordered dict': lambda state, call: {'model': OrderedDict([*state.items(), ('x', call)])},
    'an argument': lambda state, call: {'model': state, 'x': Call(OrderedDict, call)},
}


def _zip_by_hand(content: Any) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, 'w') as archive:
        archive.writestr('archive/data.pkl', pickle.dumps(content, protocol=2))
        archive.writestr('archive/version', '3\n')
    return file.getvalue()


WRITERS: dict[str, Callable[[Any], bytes]] = {
    'torch.save': pth,
    'torch.save, old format': partial(pth, old=True),
    'a zip': _zip_by_hand,
    **{
        f'pickle, protocol {protocol}': lambda content, protocol=protocol: pickle.dumps(
            content, protocol
        )
        for protocol in (0, 2, 3, 4, 5)
    },
}
