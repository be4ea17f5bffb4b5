"""visualization/attention.py: rows of the affinity are those the net computes with."""

import pytest
import torch

from mmuniformer.layers import Attention, partition
from mmuniformer.layers.ablations import split_heads_of_context
from mmuniformer.models import UniFormer, UniFormer3D, UniFormerLight
from mmuniformer.visualization import affinity, attention_map
from mmuniformer.visualization.attention import capture_inputs, find_global_block

ARCH = {'dims': (8, 16, 24, 32), 'head_dim': 8, 'depths': (1, 1, 2, 1)}
LIGHT = {'dims': (8, 16, 24, 32), 'head_dim': 8, 'depths': (1, 1, 3, 1)}


def make(cls: type, seed: int = 0, arch: dict = ARCH, **options) -> torch.nn.Module:
    torch.manual_seed(seed)
    net = cls(arch=arch, **options).eval()
    for parameter in net.parameters():  # larger than at the start, so that rows are not uniform
        if parameter.ndim == 2:
            torch.nn.init.normal_(parameter, std=0.5)
    return net


def apply(attention: Attention, weights: torch.Tensor, context: torch.Tensor) -> torch.Tensor:
    """Finish what attention does: weights times values, heads beside each other, projection."""
    _, _, v = attention.split_heads(context)
    return attention.proj((weights @ v).transpose(1, 2).flatten(2))


@pytest.mark.parametrize('tokens', [1, 12])
def test_rows_sum_to_one_and_reproduce_the_attention_layer(tokens):
    torch.manual_seed(0)
    attention = Attention(32, 8).eval()
    x, context = torch.randn(2, 9, 32), torch.randn(2, tokens, 32)
    weights = affinity(attention, x, context)
    torch.testing.assert_close(weights.sum(-1), torch.ones(2, 4, 9))
    expected = attention.attend(*split_heads_of_context(attention, x, context))
    torch.testing.assert_close(apply(attention, weights, context), expected)


def test_chosen_rows_are_rows_of_the_whole():
    attention = Attention(16, 8)
    x = torch.randn(1, 7, 16)
    assert torch.equal(affinity(attention, x, rows=[4, 1]), affinity(attention, x)[:, :, [4, 1]])


@torch.no_grad()
def test_the_map_of_a_global_block_reproduces_what_the_block_adds():
    net = make(UniFormer)
    x = torch.randn(1, 3, 64, 96)
    block = find_global_block(net, 3, 2)
    seen, added = capture_inputs(net, block, x), []
    handle = block.attn.register_forward_hook(lambda module, inputs, out: added.append(out))
    net(x)
    handle.remove()
    weights = attention_map(net, x, 3, 2, (2, 5))
    assert weights.shape == (3, 4, 6)
    torch.testing.assert_close(weights.sum((1, 2)), torch.ones(3))
    row = apply(block.attn, weights.flatten(1)[None, :, None], seen.tokens)
    torch.testing.assert_close(row[0, 0], added[0][0, 2 * 6 + 5])


@torch.no_grad()
def test_the_map_of_a_window_is_the_row_of_its_window_and_zero_outside():
    net = make(UniFormer, attention='window', window_size=2)
    x = torch.randn(1, 3, 64, 96)
    block = find_global_block(net, 3, 1)
    tokens = capture_inputs(net, block, x).tokens.unflatten(1, (4, 6))
    weights = attention_map(net, x, 3, 1, (3, 2))  # row 1, column 0 of the window in (1, 1)
    expected = affinity(block.attn, partition(tokens, 2)[4:5])[0, :, 2]
    torch.testing.assert_close(weights[:, 2:4, 2:4].flatten(1), expected)
    torch.testing.assert_close(weights.sum((1, 2)), torch.ones(3))
    assert weights[:, :2].abs().max() == 0 and weights[:, :, 4:].abs().max() == 0


def test_a_window_over_the_border_loses_what_goes_to_the_padding():
    net = make(UniFormer, attention='window', window_size=3)
    weights = attention_map(net, torch.randn(1, 3, 64, 96), 3, 1, (3, 5))  # map of 4×6
    assert weights.shape == (3, 4, 6)
    assert (weights.sum((1, 2)) < 1).all()
    assert (weights[:, 3, 3:] > 0).all() and weights[:, :3].abs().max() == 0


def test_pooled_keys_give_a_pooled_map():
    net = make(UniFormer, arch={**ARCH, 'kv_strides': (1, 1, 2, 1)})
    weights = attention_map(net, torch.randn(1, 3, 80, 96), 3, 1, (4, 5))  # map of 5×6
    assert weights.shape == (3, 3, 3)
    torch.testing.assert_close(weights.sum((1, 2)), torch.ones(3))


@pytest.mark.parametrize('attention', ['joint', 'divided'])
def test_a_clip_is_attended_to_in_all_frames_or_in_that_of_the_query(attention):
    net = make(UniFormer3D, attention=attention)
    weights = attention_map(net, torch.randn(1, 3, 8, 64, 64), 3, 2, (1, 2, 3))
    assert weights.shape == (3, 4, 4, 4)
    torch.testing.assert_close(weights.sum((1, 2, 3)), torch.ones(3))
    frames = weights.sum((0, 2, 3)) > 0
    assert frames.tolist() == ([True] * 4 if attention == 'joint' else [False, True, False, False])


@torch.no_grad()
def test_attention_along_time_reproduces_what_the_block_adds_to_a_position():
    net = make(UniFormer3D, attention='divided')
    x = torch.randn(1, 3, 8, 64, 96)
    block = find_global_block(net, 3, 2)
    seen, returned = capture_inputs(net, block, x, 'time'), []
    handle = block.t_attn.register_forward_hook(lambda module, inputs, out: returned.append(out))
    net(x)
    handle.remove()
    weights = attention_map(net, x, 3, 2, (1, 2, 5), axis='time')
    assert weights.shape == (3, 4, 4, 6)
    torch.testing.assert_close(weights[:, :, 2, 5].sum(1), torch.ones(3))
    assert (weights[:, :, 2, 5] > 0).all()
    weights[:, :, 2, 5] = 0
    assert weights.abs().max() == 0  # at all other positions
    weights = attention_map(net, x, 3, 2, (1, 2, 5), axis='time')
    row = apply(block.t_attn, weights.flatten(1)[None, :, None], seen.tokens)
    torch.testing.assert_close(row[0, 0], returned[0][2 * 6 + 5, 1])  # (positions, frames, C)


@pytest.mark.parametrize(
    ('axis', 'message'),
    [('time', 'this block attends once'), ('frames', "axis 'frames' is none of")],
)
def test_an_axis_that_is_not_there_is_refused(axis, message):
    net = make(UniFormer3D)
    with pytest.raises(ValueError, match=message):
        attention_map(net, torch.randn(1, 3, 4, 64, 64), 3, 1, (0, 0, 0), axis)


@torch.no_grad()
def test_a_light_net_shares_the_weight_of_the_mean_among_pruned_positions():
    net = make(UniFormerLight, arch=LIGHT, out_indices=3, out_norm='batch')
    torch.nn.init.normal_(net.cls_token)
    x = torch.randn(1, 3, 64, 64)
    block = find_global_block(net, 3, 2)
    seen = capture_inputs(net, block, x)  # a class token, 8 kept, the mean of 8 others
    assert seen.tokens.shape[1] == 10
    for position in range(16):
        weights = attention_map(net, x, 3, 2, divmod(position, 4))
        whole = affinity(block.attn, seen.tokens)[0]
        sums = weights.sum((1, 2))
        # What is missing to 1 is what goes to the class token, in one of the rows.
        assert (((1 - whole[:, :, 0]) - sums[:, None]).abs().amax(0) < 1e-5).any()
        assert weights.flatten(1)[0].unique().numel() == 9


@pytest.mark.parametrize(
    ('stage', 'block', 'query', 'message'),
    [
        (2, 1, (0, 0), r'stage 2 are local and do not attend; stages \[3, 4\]'),
        (5, 1, (0, 0), 'no stage 5'),
        (3, 3, (0, 0), 'blocks 1 to 2'),
        (3, 1, (4, 0), r'query \(4, 0\) is no position of the map, which is 4×4'),
        (3, 1, (0, 0, 0), 'no position'),
    ],
)
def test_what_is_not_there_is_refused(stage, block, query, message):
    with pytest.raises(ValueError, match=message):
        attention_map(make(UniFormer), torch.randn(1, 3, 64, 64), stage, block, query)
