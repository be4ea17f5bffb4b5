"""The two formats of files of tensors, read so that nothing in them can run."""

import argparse
import json
import math
import zipfile
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from .report import CheckpointError

_SAFETENSORS_TYPES = {
    'F64': torch.float64, 'F32': torch.float32, 'F16': torch.float16, 'BF16': torch.bfloat16,
    'I64': torch.int64, 'I32': torch.int32, 'I16': torch.int16, 'I8': torch.int8,
    'U8': torch.uint8, 'BOOL': torch.bool,
}  # fmt: skip
_ZIP = b'PK\x03\x04'
_BLOCK = 1 << 20


def read_pth(path: Path) -> Any:
    """Read a file of ``torch.save``, tensors and plain data only.

    Since PyTorch 1.6 it is a zip archive whose checksums ``torch.load`` ignores; they are compared
    here. A changed number in an older file cannot be detected.

    Raises:
        OSError: the file cannot be opened.
        CheckpointError: it is damaged, or holds other things than tensors and plain data.
    """
    with path.open('rb') as file:
        try:
            if file.read(len(_ZIP)) == _ZIP:
                _compare_checksums(path)
            file.seek(0)
            # The DeiT-style training loops stored their parsed arguments beside the weights.
            with _allowing(argparse.Namespace):
                return torch.load(file, map_location='cpu', weights_only=True)
        except Exception as error:  # damaged pickles raise errors of any type
            # PyTorch's text goes on to recommend switching the check off.
            reason = str(error).rsplit('WeightsUnpickler error:')[-1].strip().split('\n', 1)[0]
            if 'TorchScript' in str(error):
                raise CheckpointError(
                    f'{path} is a TorchScript program, as OpenAI publishes CLIP, not a file of '
                    'tensors; save torch.jit.load(it).float().state_dict() and give that'
                ) from error
            raise CheckpointError(
                f'{path} is damaged, or not a file of tensors: {type(error).__name__}: {reason}'
            ) from error


def _compare_checksums(path: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        for record in archive.infolist():
            if record.CRC == 0:  # PyTorch can be told to compute none
                continue
            with archive.open(record) as content:
                while content.read(_BLOCK):
                    pass


def _allowing(*classes: type) -> AbstractContextManager:
    if hasattr(torch.serialization, 'safe_globals'):
        return torch.serialization.safe_globals(list(classes))
    return nullcontext()  # before PyTorch 2.5 the list cannot be added to


def read_safetensors(path: Path) -> dict[str, Any]:
    """Read a file of the safetensors format: ``state_dict``, and ``meta`` if it has some.

    The format is a length, that many bytes of JSON, and the numbers, tensor after tensor. There is
    no checksum. ``meta`` is JSON in its metadata, as :mod:`mmuniformer.apis.conversion` writes it.

    Raises:
        OSError: the file cannot be opened.
        CheckpointError: it is damaged, or holds a dtype that PyTorch does not have.
    """
    data = bytearray(path.read_bytes())
    start = 8 + int.from_bytes(data[:8], 'little')
    try:
        header = json.loads(data[8:start], object_pairs_hook=_without_duplicates)
        metadata = header.pop('__metadata__', {})
        _check_covered([entry['data_offsets'] for entry in header.values()], len(data) - start)
        state = {key: _tensor(data, start, **entry) for key, entry in header.items()}
        meta = json.loads(metadata.get('meta', '{}'))
    except (ValueError, TypeError, LookupError, AttributeError, RuntimeError) as error:
        reason = f'{type(error).__name__}: {error}'
        raise CheckpointError(f'{path} is no safetensors file, or damaged: {reason}') from error
    return {'state_dict': state, 'meta': meta}


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ValueError('a name stands there twice')
    return result


def _check_covered(spans: list[list[int]], length: int) -> None:
    """Every byte belongs to one tensor."""
    end = 0
    for first, last in sorted(spans):
        if first != end or last < first:
            raise ValueError(f'no tensor begins at byte {end} of the numbers, one does at {first}')
        end = last
    if end != length:
        raise ValueError(f'{length} bytes of numbers, tensors take {end}')


def _tensor(
    data: bytearray, start: int, dtype: str, shape: list[int], data_offsets: list
) -> Tensor:
    torch_dtype = _SAFETENSORS_TYPES[dtype]
    first, last = (start + offset for offset in data_offsets)
    count = math.prod(shape)
    if last - first != count * torch_dtype.itemsize:
        raise ValueError(f'{last - first} bytes for {count} numbers of {dtype}')
    if not count:
        return torch.empty(shape, dtype=torch_dtype)
    return (
        torch.frombuffer(data, dtype=torch_dtype, count=count, offset=first).reshape(shape).clone()
    )
