import pytest
import torch

from mmuniformer.layers import Attention, MapLayerNorm, PatchEmbed
from mmuniformer.layers.activation import QuickGELU


def explicit_attention(layer: Attention, x: torch.Tensor) -> torch.Tensor:
    B, N, C = x.shape
    q, k, v = layer.qkv(x).view(B, N, 3, layer.num_heads, -1).permute(2, 0, 3, 1, 4)
    affinity = (q @ k.transpose(-1, -2) * q.shape[-1] ** -0.5).softmax(-1)
    return layer.proj((affinity @ v).transpose(1, 2).reshape(B, N, C))


def test_attention_is_softmax_of_scaled_products_as_in_equation_7():
    torch.manual_seed(0)
    layer = Attention(96, 32)
    x = torch.randn(2, 50, 96)
    torch.testing.assert_close(layer(x), explicit_attention(layer, x), rtol=1e-4, atol=1e-5)


def test_attention_dropout_acts_in_training_only():
    torch.manual_seed(0)
    layer = Attention(32, 16, attn_drop=0.5)
    x = torch.randn(1, 9, 32)
    torch.testing.assert_close(layer.eval()(x), explicit_attention(layer, x))
    assert not torch.allclose(layer.train()(x), layer.eval()(x))


@pytest.mark.parametrize('training', [False, True])
def test_quick_gelu_is_its_definition_and_leaves_its_input_as_it_was(training):
    x = torch.randn(7, 5, requires_grad=training)
    before = x.detach().clone()
    out = QuickGELU()(x)
    torch.testing.assert_close(out, x * torch.sigmoid(1.702 * x))
    assert torch.equal(x.detach(), before)


def test_map_layer_norm_normalizes_the_channels_of_every_position():
    norm = MapLayerNorm(6)
    x = torch.randn(2, 6, 3, 4, 5)
    out = norm(x)
    assert out.is_contiguous()
    expected = (x - x.mean(1, True)) / (x.var(1, keepdim=True, unbiased=False) + 1e-5).sqrt()
    torch.testing.assert_close(out, expected)


def test_patch_embedding_drops_what_is_beyond_a_multiple_of_the_stride():
    layer = PatchEmbed(2, 3, 8, first=True)
    x = torch.randn(1, 3, 19, 22)
    torch.testing.assert_close(layer(x), layer(x[..., :16, :20]))
