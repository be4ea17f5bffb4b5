"""In half precision nets stay finite where they do in float32, and close to it."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

import pytest
import torch
import torch.nn.functional as F
from small_nets import NETS, sample, tensors, trained
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from mmuniformer.layers import Attention, Block, ConvPatchEmbed, PatchEmbed
from mmuniformer.layers.blocks_v2 import LocalUniBlock, TokenAttention
from mmuniformer.layers.token_pruning import attend_with_score
from mmuniformer.models import UniFormerV2

FAMILIES = [
    *('global', 'window', 'hybrid', 'video', 'video divided', 'light', 'light video'),
    *('v2', 'v2 local'),
]
HALF = {'bfloat16': torch.bfloat16, 'float16': torch.float16}
# Root mean square of the difference to float32 in units of the output's standard deviation.
# Measured at most 0.013 and 0.0019; of light nets 0.051 and 0.0016, since near ties decide there
# which tokens are kept.
TOLERANCE = {'bfloat16': 0.02, 'float16': 0.003}
TOLERANCE_LIGHT = {'bfloat16': 0.1, 'float16': 0.01}
FACTOR = 1e3  # on the features


def precision(dtype: str | None) -> AbstractContextManager:
    return torch.autocast('cpu', HALF[dtype]) if dtype else nullcontext()


@pytest.mark.parametrize('dtype', HALF)
@pytest.mark.parametrize('name', FAMILIES)
def test_outputs_are_close_to_those_of_float32(name, dtype):
    net = trained(NETS[name]())
    with torch.no_grad():
        expected = list(tensors(net(sample(net))))
        with precision(dtype):
            found = list(tensors(net(sample(net))))
    tolerance = TOLERANCE_LIGHT if 'light' in name else TOLERANCE
    for left, right in zip(expected, found, strict=True):
        error = (left - right.float()).square().mean().sqrt() / left.std()
        assert 0 < error < tolerance[dtype]


def extreme(net: nn.Module) -> nn.Module:
    """Let features and affinities grow as large as they become in large trained nets."""
    for module in net.modules():
        if isinstance(module, PatchEmbed):
            module.norm.weight.data.mul_(FACTOR)
        elif isinstance(module, ConvPatchEmbed):
            module.proj[-1].weight.data.mul_(FACTOR)
        elif isinstance(module, UniFormerV2):
            module.ln_pre.weight.data.mul_(FACTOR)
        elif isinstance(module, Attention | TokenAttention):
            weight = module.qkv.weight if isinstance(module, Attention) else module.in_proj_weight
            weight.data[: len(weight) // 3 * 2] *= 20  # queries and keys
        elif isinstance(module, _BatchNorm):
            module.momentum = 1.0
    with torch.no_grad():
        net.train()(sample(net))  # statistics of features that large
    return net.eval()


@contextmanager
def ranges(net: nn.Module, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, float]]:
    """The largest affinity before the softmax, and the largest feature after the last block."""
    found = {'affinity': 0.0}
    attend = F.scaled_dot_product_attention

    def see(q: Tensor, k: Tensor, v: Tensor, **options) -> Tensor:
        affinity = (q @ k.mT).abs().max().item() * q.shape[-1] ** -0.5
        found['affinity'] = max(found['affinity'], affinity)
        return attend(q, k, v, **options)

    def note(module: nn.Module, args: tuple, out: Tensor | tuple) -> None:
        found['feature'] = next(tensors(out)).abs().max().item()

    blocks = [module for module in net.modules() if isinstance(module, Block | LocalUniBlock)]
    handle = blocks[-1].register_forward_hook(note)
    with monkeypatch.context() as patch:
        patch.setattr(F, 'scaled_dot_product_attention', see)
        yield found
    handle.remove()


@pytest.mark.parametrize('name', FAMILIES)
def test_large_features_and_affinities_are_finite_in_eval_and_in_a_training_step(name, monkeypatch):
    net = extreme(trained(NETS[name]()))
    with torch.no_grad(), ranges(net, monkeypatch) as found:
        net(sample(net))
    assert 1e3 < found['feature'] < 3e4
    assert 1e3 < found['affinity'] < 1e4
    for dtype in (None, *HALF):
        with torch.no_grad(), precision(dtype):
            assert all(torch.isfinite(out).all() for out in tensors(net.eval()(sample(net))))
        net.train().zero_grad()
        with precision(dtype):
            outs = list(tensors(net(sample(net))))
        loss = sum(out.float().square().mean() for out in outs)
        assert torch.isfinite(loss)
        loss.backward()
        for key, parameter in net.named_parameters():
            assert parameter.grad is not None and torch.isfinite(parameter.grad).all(), (dtype, key)


def test_the_score_of_tokens_survives_affinities_beyond_the_range_of_float16():
    torch.manual_seed(0)
    attention = Attention(16, 16)
    x = torch.randn(1, 5, 16)
    attention.qkv.weight.data *= 1000
    expected, score = attend_with_score(attention, x)
    q, k, _ = attention.split_heads(x)
    assert (q @ k.mT).abs().max() / 4 > torch.finfo(torch.float16).max
    with precision('float16'):
        found, rounded = attend_with_score(attention, x)
    assert torch.isfinite(found).all()
    torch.testing.assert_close(
        found.float(), expected, rtol=0.01, atol=0.01 * expected.std().item()
    )
    torch.testing.assert_close(rounded, score, rtol=0, atol=1e-3)
