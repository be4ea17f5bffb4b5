"""Files of the safetensors format, as their own library writes them, are read without it."""

import json

import pytest
import torch
from small_nets import image_net

from mmuniformer.weights import read_checkpoint

pytest.importorskip('safetensors')
from safetensors.torch import save_file

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
    source = image_net()
    path = tmp_path / 'mine.safetensors'
    meta = {'cfg': 'head_dim=16', 'epoch': 3}
    save_file(source.state_dict(), path, metadata={'format': 'pt', 'meta': json.dumps(meta)})
    assert read_checkpoint(path)['meta'] == meta
    net = image_net(init_cfg={'type': 'Pretrained', 'checkpoint': str(path)})
    net.init_weights()
    assert all(torch.equal(v, source.state_dict()[k]) for k, v in net.state_dict().items())
