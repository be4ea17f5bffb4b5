"""UniFormerV2's blocks against plain torch, and what they start as."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from mmuniformer.layers.blocks_v2 import (
    GlobalUniBlock,
    LocalTemporalMHRA,
    LocalUniBlock,
    TokenAttention,
    add_positions,
    as_maps,
    make_dpe,
    relative_bias,
)


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(0)


def randomize(module: nn.Module) -> nn.Module:
    for parameter in module.parameters():
        nn.init.normal_(parameter, std=0.3)
    return module


def test_attention_is_multihead_attention_with_its_very_parameters():
    ours, theirs = TokenAttention(32, 8), nn.MultiheadAttention(32, 4, batch_first=True)
    theirs.load_state_dict(randomize(ours).state_dict())
    query, memory = torch.randn(2, 3, 32), torch.randn(2, 7, 32)
    torch.testing.assert_close(ours(query), theirs(query, query, query)[0])
    torch.testing.assert_close(ours(query, memory), theirs(query, memory, memory)[0])


def test_attention_adds_its_bias_before_the_softmax():
    ours, theirs = TokenAttention(32, 8), nn.MultiheadAttention(32, 4, batch_first=True)
    theirs.load_state_dict(randomize(ours).state_dict())
    x, bias = torch.randn(2, 5, 32), torch.randn(4, 5, 5)
    expected = theirs(x, x, x, attn_mask=bias.repeat(2, 1, 1))[0]
    torch.testing.assert_close(ours(x, bias=bias), expected)


def test_attention_drops_weights_in_training_alone():
    attention = randomize(TokenAttention(32, 8, attn_drop=0.5))
    x = torch.randn(1, 9, 32)
    assert not torch.allclose(attention.train()(x), attention(x))
    assert torch.equal(attention.eval()(x), attention(x))


def test_heads_that_do_not_divide_the_width_are_refused():
    with pytest.raises(ValueError, match='head_dim 7 does not divide the 32 channels'):
        TokenAttention(32, 7)


def test_a_local_block_without_local_mhra_is_a_vit_layer():
    block = randomize(LocalUniBlock(32, head_dim=8, activation='gelu'))
    layer = nn.TransformerEncoderLayer(
        32, 4, 128, dropout=0, activation='gelu', batch_first=True, norm_first=True
    )
    names = {'ln_': 'norm', 'attn.': 'self_attn.', 'mlp.c_fc': 'linear1', 'mlp.c_proj': 'linear2'}
    state = {}
    for key, value in block.state_dict().items():
        ours = next(name for name in names if key.startswith(name))
        state[key.replace(ours, names[ours])] = value
    layer.load_state_dict(state)
    x = torch.randn(2, 3, 5, 32)
    torch.testing.assert_close(block(x).flatten(0, 1), layer(x.flatten(0, 1)))


@pytest.mark.parametrize('count', [0, 1, 2])
def test_a_block_with_local_mhra_starts_as_the_vit_layer(count):
    plain = LocalUniBlock(32, head_dim=8).eval()
    local = LocalUniBlock(32, head_dim=8, local_mhra=count).eval()
    report = local.load_state_dict(plain.state_dict(), strict=False)
    assert {key.split('.')[0] for key in report.missing_keys} == {
        f'lmhra{number}' for number in range(1, count + 1)
    }
    x = torch.randn(2, 3, 5, 32)
    assert torch.equal(local(x), plain(x))


@pytest.mark.parametrize('training', [False, True])
def test_a_block_with_local_mhra_passes_gradients_on_as_the_vit_layer_does(training):
    plain = LocalUniBlock(32, head_dim=8).train(training)
    local = LocalUniBlock(32, head_dim=8, local_mhra=2).train(training)
    local.load_state_dict(plain.state_dict(), strict=False)
    weights, x = torch.randn(2, 3, 5, 32), torch.randn(2, 3, 5, 32)
    gradients = []
    for block in (local, plain):
        z = x.clone().requires_grad_()
        (block(z) * weights).sum().backward()
        gradients.append(z.grad)
    assert torch.equal(*gradients)
    moving = {name for name, p in local.lmhra1.named_parameters() if p.grad.abs().max() > 0}
    assert moving == {'pos_embed.3.weight', 'pos_embed.3.bias'}


def test_local_mhra_relates_the_same_patch_of_neighboring_frames_alone():
    block = randomize(LocalTemporalMHRA(32, kernel_size=3)).eval()
    x = torch.randn(1, 7, 4, 32)
    changed = x.clone()
    changed[0, 3, 2] += 1
    moved = (block(changed) - block(x)).abs().amax(-1)[0] > 1e-6
    expected = torch.zeros(7, 4, dtype=torch.bool)
    expected[2:5, 2] = True
    assert torch.equal(moved, expected)


def test_local_mhra_is_as_narrow_as_the_released_one():
    assert LocalTemporalMHRA(1024).pos_embed[1].out_channels == 682
    assert LocalTemporalMHRA(768).pos_embed[2].weight.shape == (512, 1, 3, 1, 1)
    assert LocalTemporalMHRA(96, 3.0, 5).pos_embed[2].weight.shape == (32, 1, 5, 1, 1)


def test_class_tokens_pass_local_mhra_by():
    block = randomize(LocalUniBlock(32, head_dim=8, local_mhra=1)).eval()
    x = torch.randn(1, 4, 6, 32)
    related = block.temporal_attention(1, x)
    assert torch.equal(related[:, :, 0], x[:, :, 0])
    assert not torch.allclose(related[:, :, 1:], x[:, :, 1:], atol=0.1)


def test_gradients_of_local_mhra_are_exact_for_a_batch_of_one():
    block = randomize(LocalTemporalMHRA(8)).double()
    norm, reduce, relate, expand = block.pos_embed
    x = torch.randn(1, 4, 5, 8, dtype=torch.double, requires_grad=True)

    def by_hand(x: torch.Tensor) -> torch.Tensor:
        mean, variance = x.mean((0, 1, 2)), x.var((0, 1, 2), unbiased=False)
        x = (x - mean) / (variance + norm.eps).sqrt() * norm.weight + norm.bias
        x = F.linear(x, reduce.weight[:, :, 0, 0, 0], reduce.bias)
        taps, padded = relate.weight[:, 0, :, 0, 0], F.pad(x, (0, 0, 0, 0, 1, 1))
        x = sum(taps[:, k] * padded[:, k : k + 4] for k in range(3)) + relate.bias
        return F.linear(x, expand.weight[:, :, 0, 0, 0], expand.bias)

    weights = torch.randn(1, 4, 5, 8, dtype=torch.double)
    wanted = [x, *block.parameters()]
    expected = torch.autograd.grad((by_hand(x) * weights).sum(), wanted)
    for dtype, tolerance in ((torch.double, 1e-9), (torch.float, 1e-4)):
        block.to(dtype)
        z = x.detach().to(dtype).requires_grad_()
        found = torch.autograd.grad((block(z) * weights.to(dtype)).sum(), [z, *block.parameters()])
        for a, b in zip(found, expected, strict=True):
            torch.testing.assert_close(a.double(), b, rtol=tolerance, atol=tolerance)


def test_a_global_block_starts_by_leaving_the_token_as_it_is():
    block = GlobalUniBlock(32, head_dim=8)
    token, memory = torch.randn(2, 1, 32), torch.randn(2, 11, 32)
    assert torch.equal(block(token, memory), token)


def test_a_global_block_starts_by_handing_the_gradient_of_the_token_down_unchanged():
    block = GlobalUniBlock(32, head_dim=8)
    token = torch.randn(2, 1, 32, requires_grad=True)
    memory = torch.randn(2, 11, 32, requires_grad=True)
    weights = torch.randn(2, 1, 32)
    (block(token, memory) * weights).sum().backward()
    assert torch.equal(token.grad, weights)
    assert memory.grad.abs().max() == 0
    moving = {name for name, p in block.named_parameters() if p.grad.abs().max() > 0}
    assert moving == {
        'attn.out_proj.weight', 'attn.out_proj.bias', 'mlp.c_proj.weight', 'mlp.c_proj.bias'
    }  # fmt: skip


def test_a_global_block_reads_its_memory_in_any_order():
    block = randomize(GlobalUniBlock(32, head_dim=8))
    token, memory = torch.randn(2, 1, 32), torch.randn(2, 11, 32)
    shuffled = memory[:, torch.randperm(11)]
    torch.testing.assert_close(block(token, shuffled), block(token, memory))
    assert not torch.allclose(block(token, memory.flip(-1)), block(token, memory), atol=0.1)


def test_dpe_starts_without_bias_and_moves_patches_alone():
    dpe = make_dpe(8)
    assert dpe.bias.abs().sum() == 0
    x = torch.randn(2, 3, 1 + 6, 8)
    memory = add_positions(dpe, x, 2, 3).view_as(x)
    assert torch.equal(memory[:, :, 0], x[:, :, 0])
    torch.testing.assert_close(as_maps(memory, 2, 3), dpe(as_maps(x, 2, 3)))


def test_maps_have_patches_row_by_row():
    x = torch.arange(7.0).view(1, 1, 7, 1)
    assert as_maps(x, 2, 3)[0, 0, 0].tolist() == [[1, 2, 3], [4, 5, 6]]


def test_relative_bias_depends_on_displacement_and_on_the_class_token():
    height, width = 3, 4
    table = torch.randn(5 * 7 + 3, 2)
    bias = relative_bias(table, height, width)
    assert bias.shape == (2, 13, 13)
    patches = bias[:, 1:, 1:].view(2, height, width, height, width)
    assert torch.equal(patches[:, 2, 3, 1, 1], patches[:, 1, 2, 0, 0])
    assert not torch.equal(patches[:, 0, 0, 1, 1], patches[:, 1, 1, 0, 0])
    assert patches.unique().numel() == 2 * 5 * 7
    assert bias[:, 0, 1:].unique().numel() == bias[:, 1:, 0].unique().numel() == 2
    assert torch.equal(bias[:, 0, 0], table[-1])
