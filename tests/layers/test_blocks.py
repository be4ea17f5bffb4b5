"""Each block against its steps spelled out, and the ways attention looks at a map."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmuniformer.layers import (
    Attention,
    DividedBlock,
    GlobalBlock,
    LocalBlock,
    MobileBlock,
    PooledBlock,
)
from mmuniformer.layers.ablations import (
    along_time,
    pool_tokens,
    split_heads_of_context,
    within_frames,
)
from mmuniformer.layers.dpe import DPE2d


def randomized(module: nn.Module) -> nn.Module:
    torch.manual_seed(0)
    for name, tensor in module.state_dict().items():
        if tensor.is_floating_point():
            nn.init.normal_(tensor, 1 if name.endswith('var') else 0, 0.2)
    return module.eval()


def tokens(*shape: int) -> Tensor:
    torch.manual_seed(1)
    return torch.randn(shape)


def test_attention_along_time_is_attention_of_each_position_by_itself():
    attention, x = randomized(Attention(16, 8)), tokens(2, 3 * 5, 16)
    out = along_time(attention, x, frames=3)
    for position in range(5):
        torch.testing.assert_close(out[:, position::5], attention(x[:, position::5]))


def test_attention_within_frames_is_attention_of_each_frame_by_itself():
    attention, x = randomized(Attention(16, 8)), tokens(2, 3 * 5, 16)
    out = within_frames(attention, x, frames=3)
    for frame in range(3):
        these = slice(5 * frame, 5 * frame + 5)
        torch.testing.assert_close(out[:, these], attention(x[:, these]))


def test_attention_to_a_context_of_its_own_is_self_attention():
    attention, x = randomized(Attention(16, 8)), tokens(2, 7, 16)
    torch.testing.assert_close(
        attention.attend(*split_heads_of_context(attention, x, x.clone())), attention(x)
    )


def test_keys_and_values_come_from_the_context_alone():
    attention, x, context = randomized(Attention(16, 8)), tokens(2, 7, 16), tokens(2, 4, 16)
    q, k, v = attention.qkv(torch.cat([x, context], 1)).chunk(3, -1)
    heads = [
        ((q[:, :7, part] @ k[:, 7:, part].mT) / 8**0.5).softmax(-1) @ v[:, 7:, part]
        for part in (slice(0, 8), slice(8, 16))
    ]
    attended = attention.attend(*split_heads_of_context(attention, x, context))
    torch.testing.assert_close(attended, attention.proj(torch.cat(heads, -1)))


def test_pooled_tokens_are_means_of_squares_cut_off_at_the_border():
    size = (2, 3, 5)
    maps = tokens(1, 4, *size)
    pooled = pool_tokens(maps.flatten(2).mT, size, 2).mT.view(1, 4, 2, 2, 3)
    torch.testing.assert_close(pooled[..., 0, 0], maps[..., :2, :2].mean((-2, -1)))
    torch.testing.assert_close(pooled[..., 1, 1], maps[..., 2:, 2:4].mean((-2, -1)))
    torch.testing.assert_close(pooled[..., 1, 2], maps[..., 2, 4])


def test_a_kv_stride_as_large_as_the_map_leaves_one_key_and_every_token_the_same_answer():
    block = randomized(PooledBlock(2, 16, head_dim=8, kv_stride=6))
    x = tokens(1, 30, 16)
    value = F.linear(x.mean(1), block.attn.qkv.weight[32:], block.attn.qkv.bias[32:])
    expected = block.attn.proj(value).unsqueeze(1).expand(-1, 30, -1)
    torch.testing.assert_close(block.attend(x, (5, 6)), expected)


def test_windows_and_a_kv_stride_exclude_each_other():
    with pytest.raises(ValueError, match='two ways to save computation; leave one out'):
        PooledBlock(2, 16, head_dim=8, window_size=7, kv_stride=2)


@pytest.mark.parametrize('layer_scale', [None, 0.5])
def test_a_mobile_block_is_an_inverted_residual_after_dpe(layer_scale):
    block = randomized(MobileBlock(2, 8, kernel_size=7, layer_scale=layer_scale))
    assert block.conv1.weight.shape == (24, 8, 1, 1)
    assert block.attn.weight.shape == (24, 1, 7, 7)
    x = tokens(2, 8, 9, 5)
    encoded = block.pos_embed(x)
    steps = [block.conv1, block.norm1, nn.GELU(), block.attn, block.norm2, nn.GELU()]
    branch = nn.Sequential(*steps, block.conv2, block.norm3)(encoded)
    if layer_scale is not None:
        branch = block.gamma_1 * branch
    torch.testing.assert_close(block(x), encoded + branch)


def test_divided_attention_adds_what_the_frames_see_to_what_came_before_time():
    block = randomized(DividedBlock(16, head_dim=8))
    x = tokens(2, 16, 3, 2, 4)
    x = block.pos_embed(x)
    encoded = x.permute(0, 2, 3, 4, 1)  # (B, T, H, W, C)
    by_position = encoded.permute(0, 2, 3, 1, 4).reshape(-1, 3, 16)
    timed = by_position + block.t_attn(block.t_norm(by_position))
    timed = timed.view(2, 2, 4, 3, 16).permute(0, 3, 1, 2, 4).reshape(-1, 8, 16)
    seen = block.attn(block.norm1(timed)).view(encoded.shape)
    out = encoded + seen
    out = out + block.mlp(block.norm2(out))
    torch.testing.assert_close(block(tokens(2, 16, 3, 2, 4)), out.permute(0, 4, 1, 2, 3))


def test_divided_attention_of_one_frame_that_time_adds_nothing_to_is_joint_attention():
    divided = randomized(DividedBlock(16, head_dim=8))
    nn.init.zeros_(divided.t_attn.proj.weight)
    nn.init.zeros_(divided.t_attn.proj.bias)
    joint = GlobalBlock(3, 16, head_dim=8).eval()
    joint.load_state_dict(
        {key: value for key, value in divided.state_dict().items() if not key.startswith('t_')}
    )
    x = tokens(2, 16, 1, 3, 4)
    torch.testing.assert_close(divided(x), joint(x))


@pytest.mark.parametrize('make', [LocalBlock, MobileBlock])
def test_a_kernel_one_frame_long_takes_each_frame_by_itself(make):
    flat, deep = (
        randomized(make(ndim, 8, kernel_size=kernel, dpe_kernel=dpe))
        for ndim, kernel, dpe in ((2, 5, 3), (3, (1, 5, 5), (1, 3, 3)))
    )
    deep.load_state_dict(
        {
            key: value.unsqueeze(2) if value.ndim == 4 else value
            for key, value in flat.state_dict().items()
        }
    )
    clip = tokens(2, 8, 4, 6, 7)
    for frame in range(4):
        torch.testing.assert_close(deep(clip)[:, :, frame], flat(clip[:, :, frame]))


@pytest.mark.parametrize('make', [LocalBlock, MobileBlock, GlobalBlock])
def test_a_block_without_dpe_has_no_parameters_for_it(make):
    block = make(2, 64, dpe_kernel=None)
    with_dpe = make(2, 64)
    assert not any('pos_embed' in name for name in block.state_dict())
    count = sum(p.numel() for p in with_dpe.parameters()) - sum(
        p.numel() for p in block.parameters()
    )
    assert count == 64 * 9 + 64
    x = tokens(1, 64, 6, 6)
    assert torch.equal(block.pos_embed(x), x)


@pytest.mark.parametrize('kernel', [3, (1, 5)])
def test_dpe_adds_a_depthwise_convolution_to_its_input(kernel):
    dpe, x = randomized(DPE2d(6, kernel)), tokens(2, 6, 5, 7)
    padding = 1 if kernel == 3 else (0, 2)
    convolved = F.conv2d(x, dpe.weight, dpe.bias, padding=padding, groups=6)
    torch.testing.assert_close(dpe(x), x + convolved)
    assert set(dpe.state_dict()) == {'weight', 'bias'}


@pytest.mark.parametrize('options', [{'layer_scale': 0.1}, {'window_size': 7}])
def test_divided_attention_refuses_what_it_does_not_have(options):
    (name,) = options
    with pytest.raises(ValueError, match=f'divided attention has no {name}'):
        DividedBlock(16, head_dim=8, **options)
