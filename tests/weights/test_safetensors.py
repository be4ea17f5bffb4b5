"""Files of the safetensors format, as their own library writes them, are read without it."""

import json

import pytest
import torch

from mmuniformer.models import UniFormer
from mmuniformer.weights import CheckpointError, read_checkpoint

pytest.importorskip('safetensors')
from safetensors.torch import save_file

ARCH = {'depths': (1, 1, 2, 1), 'dims': (16, 24, 32, 48), 'head_dim': 16}
DTYPES = {
    torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.int64, torch.int32,
    torch.int16, torch.int8, torch.uint8, torch.bool,
}  # fmt: skip


def test_every_dtype_and_every_shape_comes_back_the_same(tmp_path):
    wanted = {
        f'{dtype}.{len(shape)}': (100 * torch.rand(shape)).to(dtype)
        for dtype in DTYPES
        for shape in [(), (3,), (2, 0), (2, 3, 1, 5)]
    }
    save_file(wanted, tmp_path / 'all.safetensors')
    found = read_checkpoint(tmp_path / 'all.safetensors')
    assert found['meta'] == {} and set(found['state_dict']) == set(wanted)
    for key, value in wanted.items():
        assert found['state_dict'][key].dtype == value.dtype
        assert torch.equal(found['state_dict'][key], value)


def test_a_backbone_starts_from_such_a_file_by_its_init_cfg(tmp_path):
    torch.manual_seed(0)
    source = UniFormer(arch=ARCH)
    path = tmp_path / 'mine.safetensors'
    meta = {'cfg': 'head_dim=16', 'epoch': 3}
    save_file(source.state_dict(), path, metadata={'format': 'pt', 'meta': json.dumps(meta)})
    assert read_checkpoint(path)['meta'] == meta
    net = UniFormer(arch=ARCH, init_cfg={'type': 'Pretrained', 'checkpoint': str(path)})
    net.init_weights()
    assert all(torch.equal(v, source.state_dict()[k]) for k, v in net.state_dict().items())


def test_a_damaged_file_is_refused(tmp_path):
    path = tmp_path / 'damaged.safetensors'
    save_file({'weight': torch.ones(5)}, path)
    whole = path.read_bytes()
    long = whole.replace(b'"shape":[5]', b'"shape":[6]')
    for damaged in (whole[:-1], whole[:20], b'', b'no header at all', long, b'\xff' * 100):
        path.write_bytes(damaged)
        with pytest.raises(CheckpointError, match='no safetensors file, or damaged'):
            read_checkpoint(path)
