"""The hourglass block against a loop over samples and tokens that spells out every step."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmuniformer.layers import (
    Attention,
    HourglassBlock,
    HourglassState,
    attend_with_score,
    gather_tokens,
    most_attended,
    pool_score,
    representative,
    scatter_tokens,
    update_score,
)


def affinity(attention: Attention, tokens: Tensor) -> Tensor:
    """Eq. 7 in full: ``(heads, n, n)`` for tokens ``(n, C)``."""
    q, k, _ = attention.qkv(tokens).view(len(tokens), 3, attention.num_heads, -1).unbind(1)
    return torch.einsum('nhc,mhc->hnm', q, k).mul(q.shape[-1] ** -0.5).softmax(-1)


def spelled_out(block: HourglassBlock, state: HourglassState) -> HourglassState:
    """The published order of steps: sort, cut, merge, update, append, sort back."""
    maps, cls_tokens, scores = [], [], []
    encoded = block.pos_embed(state.map)
    for sample, image in enumerate(encoded):
        x, cls_token, score = image.flatten(1).T, state.cls_token[sample], state.score[sample]
        order = sorted(range(len(x)), key=lambda token, score=score: -score[token].item())
        count = int(len(x) * block.prune_ratio)
        x, score = x[order], score[order]
        rest = (x[count:] * score[count:, None]).sum(0, keepdim=True) / score[count:].sum()
        tokens = torch.cat([cls_token, x[:count], rest])
        normed = block.norm1(tokens)
        attended = block.attn(normed[None])[0] * block.gamma_1
        seen = affinity(block.attn, normed)[:, 0, 1 : count + 1].mean(0)
        fed = block.mlp(block.norm2(tokens + attended)) * block.gamma_2
        fast = (attended + fed)[-1]
        tokens = tokens + attended + fed
        x = torch.cat([tokens[1:-1], x[count:] + fast])
        mixed = (1 - block.trade_off) * score[:count] + block.trade_off * seen
        back = torch.tensor(order).argsort()
        maps.append(x[back].T.view_as(image))
        cls_tokens.append(tokens[:1])
        scores.append(torch.cat([mixed, score[count:]])[back])
    return HourglassState(*map(torch.stack, (maps, cls_tokens, scores)))


def block_and_state(size: tuple[int, ...], **options) -> tuple[HourglassBlock, HourglassState]:
    torch.manual_seed(0)
    block = HourglassBlock(len(size), 24, head_dim=8, mlp_ratio=3, **options)
    for parameter in block.parameters():
        nn.init.normal_(parameter, std=0.3)
    count = torch.Size(size).numel()
    score = torch.rand(3, count).softmax(1)
    return block, HourglassState(torch.randn(3, 24, *size), torch.randn(3, 1, 24), score)


@pytest.mark.parametrize('size', [(6, 4), (7, 5), (1, 3), (1, 1), (3, 4, 5)])
@pytest.mark.parametrize(
    'options', [{}, {'layer_scale': 0.1}, {'prune_ratio': 0.7, 'trade_off': 0.2}]
)
def test_a_block_is_the_published_sequence_of_steps(size, options):
    block, state = block_and_state(size, layer_scale=options.pop('layer_scale', 1.0), **options)
    for left, right in zip(block(state), spelled_out(block, state), strict=True):
        torch.testing.assert_close(left, right, rtol=1e-4, atol=1e-4)


def test_a_block_without_layer_scale_is_one_with_factors_of_one():
    plain, state = block_and_state((5, 6))
    scaled = HourglassBlock(2, 24, head_dim=8, mlp_ratio=3, layer_scale=1.0)
    scaled.load_state_dict(plain.state_dict(), strict=False)
    for left, right in zip(plain(state), scaled(state), strict=True):
        assert torch.equal(left, right)


def test_the_first_block_updates_every_token_and_scores_by_the_class_tokens_attention():
    block, state = block_and_state((5, 3))
    out = block(state._replace(score=None))
    x = block.pos_embed(state.map).flatten(2).transpose(1, 2)
    tokens = torch.cat([state.cls_token, x], 1)
    score = torch.stack(
        [affinity(block.attn, block.norm1(sample))[:, 0, 1:].mean(0) for sample in tokens]
    )
    tokens = tokens + block.attn(block.norm1(tokens))
    tokens = tokens + block.mlp(block.norm2(tokens))
    torch.testing.assert_close(out.score, score)
    torch.testing.assert_close(out.cls_token, tokens[:, :1])
    torch.testing.assert_close(out.map.flatten(2), tokens[:, 1:].transpose(1, 2))


def test_the_update_of_tokens_left_out_is_not_under_drop_path():
    block, state = block_and_state((6, 6), drop_path=0.999)
    block.train()
    before = block.pos_embed(state.map).flatten(2)
    after = block(state).map.flatten(2)
    kept = torch.zeros(3, 36).scatter(1, most_attended(state.score, 18), 1.0).bool()
    change = (after - before).abs().amax(1)
    assert change[kept].max() == 0
    assert change[~kept].min() > 1e-3


def test_attention_with_score_is_the_attention_and_its_first_row():
    torch.manual_seed(0)
    attention = Attention(48, 16)
    x = torch.randn(2, 9, 48)
    out, row = attend_with_score(attention, x)
    torch.testing.assert_close(out, attention(x))
    expected = torch.stack([affinity(attention, sample)[:, 0].mean(0) for sample in x])
    torch.testing.assert_close(row, expected)
    torch.testing.assert_close(row.sum(1), torch.ones(2))


def test_dropout_of_attention_leaves_the_score_alone():
    torch.manual_seed(0)
    attention = Attention(48, 16, attn_drop=0.5)
    x = torch.randn(2, 9, 48)
    dropped, score = attend_with_score(attention.train(), x)
    whole, same_score = attend_with_score(attention.eval(), x)
    assert torch.equal(score, same_score)
    assert not torch.allclose(dropped, whole, atol=1e-3)


def test_of_equal_scores_the_first_in_the_map_are_kept():
    score = torch.tensor([[1.0, 2.0, 1.0, 2.0, 1.0]])
    assert most_attended(score, 4).tolist() == [[1, 3, 0, 2]]
    assert most_attended(torch.ones(2, 300), 150).tolist() == [list(range(150))] * 2


def test_scattering_gathered_tokens_back_gives_the_tokens():
    x = torch.randn(2, 7, 3)
    index = torch.tensor([[6, 0, 3], [1, 2, 5]])
    assert torch.equal(gather_tokens(x, index)[1, 2], x[1, 5])
    assert torch.equal(scatter_tokens(x, index, gather_tokens(x, index)), x)
    emptied = scatter_tokens(x, index, torch.zeros(2, 3, 3))
    assert emptied[0, [0, 3, 6]].abs().sum() == 0
    assert torch.equal(emptied[0, [1, 2, 4, 5]], x[0, [1, 2, 4, 5]])


def test_the_representative_is_the_weighted_mean_of_the_others():
    x = torch.tensor([[[1.0], [10.0], [4.0], [7.0]]])
    score = torch.tensor([[0.5, 0.3, 0.1, 0.05]])
    mean = representative(x, score, torch.tensor([[0, 1]]))
    assert mean.item() == pytest.approx((4 * 0.1 + 7 * 0.05) / 0.15)
    assert score.tolist() == [pytest.approx([0.5, 0.3, 0.1, 0.05])]


def test_only_the_scores_of_kept_tokens_move():
    score = torch.tensor([[0.5, 0.3, 0.2]])
    new = update_score(score, torch.tensor([[2, 0]]), torch.tensor([[0.4, 0.1]]), 0.25)
    assert new.tolist() == [pytest.approx([0.4, 0.3, 0.25])]


@pytest.mark.parametrize('size', [(4, 6), (5, 7), (2, 4, 6), (3, 7, 5)])
def test_pooled_scores_are_those_of_2x2_squares_and_keep_their_sum(size):
    torch.manual_seed(0)
    score = torch.rand(2, torch.Size(size).numel())
    pooled = pool_score(score, torch.Size(size))
    torch.testing.assert_close(pooled.sum(1), score.sum(1))
    even = score.view(2, *size)[..., : size[-2] // 2 * 2, : size[-1] // 2 * 2]
    *time, height, width = even.shape
    squares = even.reshape(*time, height // 2, 2, width // 2, 2).sum((-3, -1)).flatten(1)
    torch.testing.assert_close(pooled, squares * (score.sum(1) / squares.sum(1))[:, None])


def test_tokens_that_nothing_attends_to_spread_no_nan():
    block, state = block_and_state((4, 4))
    score = F.one_hot(torch.tensor([3, 3, 3]), 16).float().requires_grad_()
    out = block(state._replace(score=score))
    (out.map.sum() + pool_score(out.score * 0, torch.Size((4, 4))).sum()).backward()
    assert torch.isfinite(out.map).all()
    assert torch.isfinite(score.grad).all()
    assert all(torch.isfinite(parameter.grad).all() for parameter in block.parameters())
