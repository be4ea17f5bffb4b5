"""Memory: what is counted without computing is what a real step allocates."""

import re

import pytest
import torch
from commands import refuse_command, run_command
from torch import nn

from mmuniformer.apis.configs import load_config
from mmuniformer.apis.memory_use import list_variants, memory, memory_of_backbone, memory_of_step
from mmuniformer.models import UniFormer, UniFormerV2

TINY = dict(arch=dict(depths=(1, 1, 2, 1), dims=(16, 32, 64, 64), head_dim=16), out_norm='layer')
# With the scope: in mmaction2 the bare name is another class, and other tests go there.
NET = {'type': 'mmuniformer.UniFormer', **TINY}
MINI = 'mini_mask_rcnn_uniformer_s_h14'


@pytest.mark.parametrize('options', [{}, {'with_cp': True}, {'attention': 'window'}])
def test_counted_is_what_a_step_with_real_tensors_allocates(options):
    counted = memory_of_backbone({**NET, **options}, (64, 96))
    net = UniFormer(**TINY, **options).train()
    assert counted == memory_of_step(net, torch.randn(1, 3, 64, 96))
    # The four outputs and their gradients at least, in float32.
    outputs = sum(
        c * 64 * 96 // s**2 for c, s in zip((16, 32, 64, 64), (4, 8, 16, 32), strict=True)
    )
    assert counted > 2 * 4 * outputs


@pytest.mark.parametrize('options', [{}, {'with_cp': 1}, {'frozen_stages': 2, 'fusion': 'global'}])
def test_a_clip_in_a_uniformerv2_is_counted_as_it_is_allocated(options):
    arch = dict(depth=2, dim=32, head_dim=16, global_head_dim=16, patch_size=8, image_size=32)
    backbone = {'type': 'mmuniformer.UniFormerV2', 'arch': arch, **options}
    counted = memory_of_backbone(backbone, (4, 32, 48))
    net = UniFormerV2(arch=arch, **options).train()
    assert counted == memory_of_step(net, torch.randn(1, 3, 4, 32, 48))


def test_memory_grows_with_the_pixels_and_shrinks_with_recomputation():
    small, large = (memory_of_backbone(NET, (64, side)) for side in (512, 1024))
    assert large == pytest.approx(2 * small, rel=0.1)
    assert memory_of_backbone({**NET, 'with_cp': True}, (64, 512)) < 0.7 * small


def test_gradients_of_many_parameters_do_not_hide_what_a_small_input_needs():
    def bytes_of(batch: int) -> int:
        net = nn.Sequential(*[nn.Linear(32, 32) for _ in range(64)])
        return memory_of_step(net, torch.randn(batch, 32))

    # Each result but the last is kept for the gradient of the next layer's weights.
    assert bytes_of(8) >= 63 * 8 * 32 * 4
    assert bytes_of(16) == pytest.approx(2 * bytes_of(8), rel=0.1)


def test_the_memory_of_a_config_is_that_of_the_pattern_it_states():
    variants = list_variants(MINI, (64, 96))
    assert [row.attention for row in variants if row.as_stated] == ['hybrid', 'hybrid']
    (stated,) = (row for row in variants if row.as_stated and row.recomputed == 'nothing')
    assert memory(MINI, (64, 96)) == stated.measure()


def test_a_clip_has_the_shape_of_the_config_and_an_image_that_of_the_tables():
    assert {row.shape for row in list_variants('uniformer_s_16x4_k400')} == {(16, 224, 224)}
    assert {row.shape for row in list_variants('uniformer_s_in1k')} == {(800, 1280)}


@pytest.mark.parametrize(
    ('stated', 'name'),
    [(3, 'the first 3, as stated'), ([2, 0, 0, 0], '(2, 0, 0, 0), as stated')],
)
def test_recomputation_as_stated_is_compared_too(stated, name):
    config = load_config('uniformer_s_16x4_k400')
    config.model.backbone.with_cp = stated
    variants = list_variants(config)
    assert [row.recomputed for row in variants] == ['nothing', name, 'every block'] * 2
    assert [row.backbone['with_cp'] for row in variants] == [False, stated, True] * 2


def test_the_command_prints_a_table_of_patterns():
    out = run_command('memory', MINI, '--shape', '64', '64')
    assert out.startswith('one image of 64×64\n')
    rows = re.findall(r'^ *(global|hybrid \(as stated\)|window) +(.+?) +([\d.e-]+) *$', out, re.M)
    assert [row[1] for row in rows] == ['nothing', 'every block'] * 3
    sizes = [float(row[2]) for row in rows]
    assert all(kept >= recomputed for kept, recomputed in zip(sizes[::2], sizes[1::2], strict=True))


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (['nothing.py'], 'there is no config file nothing.py'),
        ([MINI, '--shape', '8', '8'], 'at least 32'),
        ([MINI, '--shape', '4', '64', '64'], 'is not H W'),
        (['uniformer_s_16x4_k400', '--shape', '64', '64'], 'is not T H W'),
        (['configs/_base_/det/coco_1x.py'], 'no model with a UniFormer'),
    ],
)
def test_bad_input_is_refused(arguments, message, monkeypatch, repo_root):
    monkeypatch.chdir(repo_root)
    assert message in refuse_command('memory', *arguments)
