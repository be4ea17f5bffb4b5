"""visualization/attention_v2.py: the weights are those that UniFormerV2 computes with."""

import pytest
import torch
from tiny_v2 import BEIT, SSV, clip, randomised
from torch import Tensor, nn

from mmuniformer.layers.blocks_v2 import TokenAttention
from mmuniformer.models import UniFormer
from mmuniformer.visualization import (
    class_attention_map,
    clip_attention_map,
    patch_attention_map,
    token_affinity,
)
from mmuniformer.visualization.attention_v2 import capture_attention

NETS = {
    'plain': {},
    'armed, half the frames': SSV,
    'of BEiT': {'arch': BEIT},
    'for maps': {'out_indices': (1, 3)},
}


def image() -> Tensor:
    return clip(batch=1)[:, :, 0]


def values_of(attention: TokenAttention, memory: Tensor) -> Tensor:
    """Values ``(B, heads, N, head_dim)``."""
    C = memory.shape[-1]
    v = nn.functional.linear(memory, attention.in_proj_weight[-C:], attention.in_proj_bias[-C:])
    return v.unflatten(-1, (attention.num_heads, -1)).transpose(1, 2)


def apply(attention: TokenAttention, weights: Tensor, memory: Tensor) -> Tensor:
    """Finish what attention does: weights times values, heads beside each other, projection."""
    seen = weights @ values_of(attention, memory)
    return attention.out_proj(seen.transpose(1, 2).flatten(2))


def returned_by(net: nn.Module, attention: nn.Module, x: Tensor) -> Tensor:
    kept = []
    handle = attention.register_forward_hook(lambda module, inputs, out: kept.append(out))
    net(x)
    handle.remove()
    return kept[0]


@pytest.mark.parametrize('biased', [False, True])
def test_rows_sum_to_one_and_reproduce_the_attention_layer(biased):
    torch.manual_seed(0)
    attention = TokenAttention(32, 8).eval()
    query, memory = torch.randn(2, 5, 32), torch.randn(2, 9, 32)
    bias = torch.randn(4, 5, 9) if biased else None
    weights = token_affinity(attention, query, memory, bias)
    torch.testing.assert_close(weights.sum(-1), torch.ones(2, 4, 5))
    torch.testing.assert_close(apply(attention, weights, memory), attention(query, memory, bias))
    rows = token_affinity(attention, query, memory, bias, rows=[3, 1])
    torch.testing.assert_close(rows, weights[:, :, [3, 1]])


@torch.no_grad()
@pytest.mark.parametrize('options', NETS.values(), ids=NETS)
@pytest.mark.parametrize('x', [clip(batch=1), image()], ids=['clip', 'image'])
def test_maps_of_a_layer_with_their_class_token_reproduce_what_it_returns(options, x):
    net = randomised(**options).eval()
    attention, given = capture_attention(net, 'transformer.resblocks.2', x)
    returned, tokens = returned_by(net, attention, x), given['query']  # (T, 1 + N, C)
    frames = 1 if x.ndim == 4 else 2 if 'temporal_downsample' in options else 4
    assert returned.shape == (frames, 17, 32)
    frame = frames - 1
    at = () if x.ndim == 4 else (frame,)
    for row, weights in (
        (0, class_attention_map(net, x, 3, frame)),
        (1 + 2 * 4 + 3, patch_attention_map(net, x, 3, (*at, 2, 3))),
    ):
        assert weights.shape == (4, *(() if x.ndim == 4 else (frames,)), 4, 4)
        weights = weights.view(4, frames, 16)
        assert weights[:, :frame].abs().sum() == 0  # in the other frames
        weights = weights[:, frame]
        assert (weights > 0).all() and (weights.sum(-1) < 1).all()
        whole = torch.cat([1 - weights.sum(-1, keepdim=True), weights], -1)  # to the class token
        seen = apply(attention, whole[None, :, None], tokens[frame : frame + 1])
        torch.testing.assert_close(seen[0, 0], returned[frame, row], atol=1e-5, rtol=1e-5)


@torch.no_grad()
@pytest.mark.parametrize('fuse', [False, True])
@pytest.mark.parametrize('options', [{}, {**SSV, 'global_layers': (0, 3)}], ids=['plain', 'armed'])
@pytest.mark.parametrize('x', [clip(batch=1), image()], ids=['clip', 'image'])
def test_the_map_of_the_clip_with_its_class_tokens_reproduces_the_global_block(options, x, fuse):
    net = randomised(**options).eval()
    if fuse:
        net.fuse()
    attention, given = capture_attention(net, 'transformer.dec.1', x)
    returned = returned_by(net, attention, x)  # (1, 1, C)
    frames = 1 if x.ndim == 4 else 2 if 'temporal_downsample' in options else 4
    weights = clip_attention_map(net, x, 2)
    assert weights.shape == (4, *(() if x.ndim == 4 else (frames,)), 4, 4)
    # What goes to class tokens is missing to 1; it is the layer's own.
    whole = token_affinity(attention, **given)[0, :, 0].view(4, frames, 17)
    own = whole[:, :, 0].sum(1)
    torch.testing.assert_close(weights.flatten(1).sum(1) + own, torch.ones(4))
    whole = torch.cat([whole[:, :, :1], weights.view(4, frames, 16)], -1).flatten(1)
    seen = apply(attention, whole[None, :, None], given['memory'])
    torch.testing.assert_close(seen, returned)


def test_the_last_global_block_is_the_default():
    net, x = randomised(global_layers=(1, 3)).eval(), clip(batch=1)
    assert torch.equal(clip_attention_map(net, x), clip_attention_map(net, x, 2))
    assert not torch.equal(clip_attention_map(net, x), clip_attention_map(net, x, 1))


@torch.no_grad()
def test_weights_are_where_their_patches_are():
    """Where tokens do not mix, a patch that changes is the only one whose share changes."""
    net = randomised(global_layers=(1,)).eval()
    for block in net.transformer.resblocks:
        block.attn.out_proj.weight.zero_()
    net.transformer.dpe[0].weight.zero_()
    x = clip(batch=1, frames=3, width=48)
    other = x.clone()
    other[:, :, 2, 8:16, 32:40] += 1  # patch in row 1, column 4 of frame 2
    changes = {
        (2, 1, 4): clip_attention_map(net, other) / clip_attention_map(net, x),
        (1, 4): patch_attention_map(net, other[:, :, 2], 2, (0, 0))
        / patch_attention_map(net, x[:, :, 2], 2, (0, 0)),
    }
    for place, change in changes.items():
        change = change / change.flatten(1)[:, :1].unflatten(1, [1] * len(place))
        moved = ((change - 1).abs() > 1e-4).any(0)
        assert moved.nonzero().tolist() == [list(place)]


@pytest.mark.parametrize(
    ('draw', 'message'),
    [
        (lambda net, x: patch_attention_map(net, x, 5, (0, 0, 0)), 'no layer 5; layers .* 1 to 4'),
        (lambda net, x: patch_attention_map(net, x, 1, (0, 4, 0)), 'which is 4×4×4'),
        (lambda net, x: patch_attention_map(net, x, 1, (0, 0)), 'no position of the map'),
        (lambda net, x: class_attention_map(net, x, 1, 4), 'no frame 4; the ViT sees 4'),
        (lambda net, x: clip_attention_map(net, x, 5), 'no global UniBlock 5; .* 1 to 4'),
        (lambda net, x: clip_attention_map(net, x.expand(2, -1, -1, -1, -1)), 'a batch of 2'),
        (lambda net, x: clip_attention_map(net, x[..., :30]), 'multiples of 8'),
        (lambda net, x: clip_attention_map(UniFormer(), x), 'UniFormer is no UniFormerV2'),
        (
            lambda net, x: clip_attention_map(randomised(out_indices=(1,)), x),
            'has no global UniBlocks',
        ),
        (
            lambda net, x: class_attention_map(randomised(out_indices=(1,)), x, 3),
            'no layer 3; layers are counted from 1 to 2',  # the others do not run
        ),
    ],
)
def test_what_is_not_there_is_refused(draw, message):
    with pytest.raises(ValueError, match=message):
        draw(randomised().eval(), clip(batch=1))
