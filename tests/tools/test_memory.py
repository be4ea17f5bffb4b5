"""tools/memory.py: what it counts without computing is what a real step allocates."""

import re

import pytest
import torch
from tool_modules import load_tool
from torch import nn

from mmuniformer.models import UniFormer, UniFormerV2

TINY = dict(arch=dict(depths=(1, 1, 2, 1), dims=(16, 32, 64, 64), head_dim=16), out_norm='layer')
# With the scope: in mmaction2 the bare name is another class, and other tests go there.
NET = {'type': 'mmuniformer.UniFormer', **TINY}


@pytest.fixture(scope='module')
def memory():
    return load_tool('memory')


@pytest.mark.parametrize('options', [{}, {'with_cp': True}, {'attention': 'window'}])
def test_counted_is_what_a_step_with_real_tensors_allocates(memory, options):
    counted = memory.measure({**NET, **options}, (64, 96))
    net = UniFormer(**TINY, **options).train()
    assert counted == memory.memory_of_step(net, torch.randn(1, 3, 64, 96))
    # The four outputs and their gradients at least, in float32.
    outputs = sum(
        c * 64 * 96 // s**2 for c, s in zip((16, 32, 64, 64), (4, 8, 16, 32), strict=True)
    )
    assert counted > 2 * 4 * outputs


@pytest.mark.parametrize('options', [{}, {'with_cp': 1}, {'frozen_stages': 2, 'fusion': 'global'}])
def test_a_clip_in_a_uniformerv2_is_counted_as_it_is_allocated(memory, options):
    arch = dict(
        depth=2, dim=32, head_dim=16, global_head_dim=16, patch_size=8, image_size=32
    )  # fmt: skip
    backbone = {'type': 'mmuniformer.UniFormerV2', 'arch': arch, **options}
    counted = memory.measure(backbone, (4, 32, 48))
    net = UniFormerV2(arch=arch, **options).train()
    assert counted == memory.memory_of_step(net, torch.randn(1, 3, 4, 32, 48))


def test_memory_grows_with_the_pixels_and_shrinks_with_recomputation(memory):
    small, large = (memory.measure(NET, (64, side)) for side in (512, 1024))
    assert large == pytest.approx(2 * small, rel=0.1)
    assert memory.measure({**NET, 'with_cp': True}, (64, 512)) < 0.7 * small


def test_gradients_of_many_parameters_do_not_hide_what_a_small_input_needs(memory):
    def bytes_of(batch: int) -> int:
        net = nn.Sequential(*[nn.Linear(32, 32) for _ in range(64)])
        return memory.memory_of_step(net, torch.randn(batch, 32))

    # Each result but the last is kept for the gradient of the next layer's weights.
    assert bytes_of(8) >= 63 * 8 * 32 * 4
    assert bytes_of(16) == pytest.approx(2 * bytes_of(8), rel=0.1)


def test_a_table_of_patterns_comes_out(python_tool, repo_root):
    config = 'configs/det/mini_mask_rcnn_uniformer_s_h14.py'
    done = python_tool('memory.py', config, '--shape', '64', '64', cwd=repo_root)
    pattern = r'^ *(global|hybrid \(as stated\)|window) +(.+?) +([\d.e-]+) *$'
    rows = re.findall(pattern, done.stdout, re.M)
    assert [row[1] for row in rows] == ['nothing', 'every block'] * 3
    sizes = [float(row[2]) for row in rows]
    assert all(kept >= recomputed for kept, recomputed in zip(sizes[::2], sizes[1::2], strict=True))


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (['nothing.py'], 'does not exist'),
        (['configs/det/mini_mask_rcnn_uniformer_s_h14.py', '--shape', '8', '8'], 'at least 32'),
        (['configs/_base_/det/coco_1x.py'], 'no model with a UniFormer'),
    ],
)
def test_bad_input_is_refused(arguments, message, python_tool, repo_root):
    done = python_tool('memory.py', *arguments, check=False, cwd=repo_root)
    assert done.returncode == 2
    assert message in done.stderr
