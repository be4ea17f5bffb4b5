"""Patches of mmengine: its checkpoints load safely, and processes use gloo without a GPU."""

import os
import pickle
import socket
import subprocess
import sys
import zipfile
from collections import OrderedDict

import numpy as np
import pytest
import torch
from fresh_python import run_python
from mmengine.logging import HistoryBuffer

import mmuniformer  # noqa: F401
from mmuniformer.integrations.patches.mmengine_checkpoints import _get_statistic


def test_a_training_checkpoint_of_mmengine_loads_with_weights_only(tmp_path):
    history = HistoryBuffer(np.array([0.5, 0.25], np.float64), np.array([1, 2], np.int64))
    content = {
        'state_dict': {'weight': torch.arange(3.0)},
        'meta': {'epoch': 3, 'seed': np.int64(7), 'dtype': np.dtype('float32')},
        'message_hub': {'log_scalars': {'train/loss': history}},
    }
    path = tmp_path / 'epoch_3.pth'
    torch.save(content, path)
    loaded = torch.load(path, weights_only=True)
    assert loaded['meta'] == content['meta']
    again = loaded['message_hub']['log_scalars']['train/loss']
    assert again.statistics('mean', 2) == history.statistics('mean', 2) == 0.25


def test_a_checkpoint_loads_after_others_have_changed_the_list(tmp_path):
    # As a fork of mmengine does for each file that it reads.
    path = tmp_path / 'epoch_1.pth'
    torch.save({'hub': {'loss': HistoryBuffer(np.array([1.5]), np.array([1]))}}, path)
    with torch.serialization.safe_globals([HistoryBuffer, np.ndarray, np.dtype]):
        assert torch.load(path, weights_only=True)['hub']['loss'].max() == 1.5
    assert torch.load(path, weights_only=True)['hub']['loss'].max() == 1.5


def test_a_checkpoint_loads_in_a_process_that_never_made_a_history_buffer(tmp_path):
    path = tmp_path / 'epoch_1.pth'
    torch.save({'hub': {'loss': HistoryBuffer([1.5], [1])}}, path)
    code = f'import mmuniformer, torch; print(torch.load({str(path)!r})["hub"]["loss"].max())'
    assert run_python(code) == ['1.5']


@pytest.mark.parametrize('package', ['numpy.core', 'numpy._core'])
def test_files_written_by_either_major_of_numpy_load(tmp_path, package):
    path = tmp_path / 'file.pth'
    torch.save({'array': np.arange(3.0), 'scalar': np.float32(2.5)}, path)
    installed = 'numpy.core' if np.lib.NumpyVersion(np.__version__) < '2.0.0' else 'numpy._core'
    old, new = f'c{installed}.'.encode(), f'c{package}.'.encode()
    other = tmp_path / 'other.pth'
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(other, 'w') as target:
        for item in source.infolist():
            target.writestr(item.filename, source.read(item).replace(old, new))
    loaded = torch.load(other, weights_only=True)
    assert loaded['array'].tolist() == [0, 1, 2] and loaded['scalar'] == 2.5


def test_a_checkpoint_with_an_array_without_elements_loads(tmp_path):
    path = tmp_path / 'epoch_1.pth'
    torch.save({'meta': {'skeleton_link_colors': np.zeros((0, 3), np.uint8)}}, path)
    again = torch.load(path, weights_only=True)['meta']['skeleton_link_colors']
    assert again.shape == (0, 3) and again.dtype == np.uint8


def test_the_replacement_of_getattr_gets_history_statistics_alone():
    assert _get_statistic(HistoryBuffer, 'max') is HistoryBuffer.max
    for owner, name in (
        (os, 'system'),
        (HistoryBuffer, '__init__'),
        (HistoryBuffer, '__globals__'),
    ):
        with pytest.raises(ValueError, match='is not allowed'):
            _get_statistic(owner, name)


class _Attribute:
    def __reduce__(self):
        return (getattr, (OrderedDict, 'fromkeys'))


def test_a_file_that_asks_for_another_attribute_is_still_refused(tmp_path):
    path = tmp_path / 'bad.pth'
    torch.save({'state_dict': _Attribute()}, path)
    with pytest.raises((pickle.UnpicklingError, ValueError), match='is not allowed'):
        torch.load(path, weights_only=True)


PROCESS = """
import os, torch, mmuniformer
from mmengine.dist import all_reduce, get_rank, init_dist
from mmengine.model import MMDistributedDataParallel
init_dist('pytorch', backend='nccl')
layer = torch.nn.Linear(1, 1, bias=False)
model = MMDistributedDataParallel(module=layer, device_ids=[int(os.environ['LOCAL_RANK'])])
model(torch.tensor([float(get_rank() + 1)])).backward()
value = torch.tensor([float(get_rank() + 1)])
all_reduce(value)
print('sum', value.item(), 'gradient', layer.weight.grad.item(), torch.distributed.get_backend())
"""


@pytest.mark.skipif(torch.cuda.is_available(), reason='the patch is for machines without a GPU')
def test_two_processes_without_a_gpu_use_gloo():
    with socket.socket() as free:
        free.bind(('127.0.0.1', 0))
        port = str(free.getsockname()[1])
    processes = [
        subprocess.Popen(
            [sys.executable, '-W', 'ignore', '-c', PROCESS],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={
                **os.environ,
                'RANK': str(rank),
                'LOCAL_RANK': str(rank),
                'WORLD_SIZE': '2',
                'MASTER_ADDR': '127.0.0.1',
                'MASTER_PORT': port,
            },
        )
        for rank in range(2)
    ]
    for process in processes:
        out, err = process.communicate(timeout=120)
        assert process.returncode == 0, err[-2000:]
        assert out.strip().splitlines()[-1] == 'sum 3.0 gradient 1.5 gloo'


@pytest.mark.parametrize(
    ('known', 'answers'),
    [
        # A distribution that is not installed, and a module that is: a fork has another name.
        ({'no-such-distribution': 'torch'}, ['True', 'torch', 'True']),
        ({'torch': 'torch'}, ['False', '-', 'False']),
    ],
)
def test_a_fork_is_found_by_its_module_and_a_stock_toolbox_is_left_alone(known, answers):
    code = f"""
import pathlib
from mmuniformer.integrations.patches import forks
from mmengine.config import config
from mmengine.utils import is_installed
forks._FORKED = {known!r}
forks.find_forks()
found = config.is_installed('no-such-distribution')
path = config.get_installed_path('no-such-distribution') if found else '-'
print(found, pathlib.Path(path).name or path, config.is_installed is not is_installed)
"""
    assert run_python(code, MMUNIFORMER_PATCHES='0')[-1].split() == answers
