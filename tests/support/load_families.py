"""Small nets of every way to be loaded, the files that belong to them, and what must come of it."""

import io
import json
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from small_nets import copied, trained_state
from torch import Tensor, nn
from vit_layouts import as_hugging_face, as_openai, as_timm, build, randomise, vit_of

from mmuniformer.models import UniFormer, UniFormer3D
from mmuniformer.weights import CheckpointError, LoadReport, load_backbone, load_v2

SMALL = {'depths': (1, 1, 1, 1), 'dims': (8, 8, 8, 8), 'head_dim': 8}
CLASSIFIER = {'arch': SMALL, 'out_norm': 'batch', 'out_indices': 3}
COUNTER = 'num_batches_tracked'
# Names in the files below that a net can do without.
SPARE = (COUNTER, 'position_ids')
SPARE_PARTS = ('ln_post', 'proj', 'head', 'norm.', 'post_layernorm')


@dataclass
class Family:
    """A net, the file that belongs to it, and what it is to hold when that is loaded."""

    net: nn.Module
    load: Callable[[nn.Module, Path], LoadReport]
    file: dict[str, Tensor]
    true: dict[str, Tensor]

    def __post_init__(self) -> None:
        self.own = copied(self.net.state_dict())

    @property
    def needed(self) -> list[str]:
        """Names in the file without which the net is not whole."""
        tower = 'visual.' if any(key.startswith('visual.') for key in self.file) else ''
        return [
            key
            for key in self.file
            if key.startswith(tower)
            and not key.endswith(SPARE)
            and not key.removeprefix(tower).startswith(SPARE_PARTS)
        ]


def uniformer() -> Family:
    state = trained_state(UniFormer(arch=SMALL))
    return Family(UniFormer(arch=SMALL), load_backbone, state, state)


def from_an_image_file() -> Family:
    state = trained_state(UniFormer(**CLASSIFIER))
    net = UniFormer3D(**CLASSIFIER)
    true = copied(net.state_dict())
    for key, value in state.items():
        length = true[key].shape[2] if true[key].ndim == 5 else 0
        true[key] = torch.stack([value] * length, 2) / length if length else value
    return Family(net, load_backbone, state, true)


def uniformer_v2(layout: Callable[[dict], dict] | None = None) -> Family:
    source, net = randomise(build({'depth': 2})), build({'depth': 2})
    true = copied(source.state_dict())
    if layout is None:
        return Family(net, load_v2, true, true)
    vit = copied(vit_of(source))
    return Family(net, load_v2, layout(vit), {**net.state_dict(), **{k: true[k] for k in vit}})


FAMILIES: dict[str, Callable[[], Family]] = {
    'UniFormer': uniformer,
    'inflated': from_an_image_file,
    'UniFormerV2': uniformer_v2,
    'OpenAI': lambda: uniformer_v2(as_openai),
    'Hugging Face': lambda: uniformer_v2(as_hugging_face),
    'timm': lambda: uniformer_v2(as_timm),
}


def same_bits(a: Tensor, b: Tensor) -> bool:
    return a.dtype == b.dtype and a.shape == b.shape and a.numpy().tobytes() == b.numpy().tobytes()


def settle(family: Family, path: Path) -> LoadReport | CheckpointError:
    """Load a file; the net must then hold what the report says, or what it held before."""
    try:
        result = family.load(family.net, path)
        found = {*result.loaded, *result.inflated}
    except (CheckpointError, FileNotFoundError) as error:
        result, found = error, set()
    state = copied(family.net.state_dict())
    family.net.load_state_dict(family.own)
    for key, value in state.items():
        if key.endswith(COUNTER):
            continue
        expected = family.true if key in found else family.own
        assert same_bits(value, expected[key]), key
    if isinstance(result, Exception):
        assert str(path) in str(result)
        assert all(same_bits(value, family.own[key]) for key, value in state.items())
    return result


def pth(content: Any, *, old: bool = False) -> bytes:
    file = io.BytesIO()
    torch.save(content, file, _use_new_zipfile_serialization=not old)
    return file.getvalue()


def safetensors(state: Mapping[str, Tensor]) -> bytes:
    header, numbers = {}, b''
    for key, value in state.items():
        dtype = {torch.float32: 'F32', torch.int64: 'I64'}[value.dtype]
        content = value.contiguous().numpy().tobytes()
        offsets = [len(numbers), len(numbers) + len(content)]
        header[key] = {'dtype': dtype, 'shape': list(value.shape), 'data_offsets': offsets}
        numbers += content
    text = json.dumps(header).encode()
    return struct.pack('<Q', len(text)) + text + numbers


FORMATS = {
    'new.pth': pth,
    'old.pth': lambda state: pth(state, old=True),
    'some.safetensors': safetensors,
}


def write(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.write_bytes(content)
    return path
