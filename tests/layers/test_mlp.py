"""The FFN: a large hidden map is made strip by strip, and nobody can tell."""

from functools import partial

import pytest
import torch

from mmuniformer.layers import mlp
from mmuniformer.layers.mlp import Mlp
from mmuniformer.layers.nd import pointwise

KIB = 2**10


@pytest.fixture
def strips(monkeypatch):
    """Strips of 1 KiB of double numbers from 2 KiB on; gives the shapes that are computed."""
    shapes = []
    transform = Mlp.transform
    monkeypatch.setattr(mlp, '_STRIP', KIB)
    monkeypatch.setattr(mlp, '_LARGE', 2 * KIB)
    monkeypatch.setattr(
        Mlp, 'transform', lambda self, x: shapes.append(tuple(x.shape)) or transform(self, x)
    )
    return shapes


def maps(ndim: int) -> Mlp:
    torch.manual_seed(0)
    return Mlp(4, 16, layer=partial(pointwise, ndim)).double()


# The hidden map of a row of 8 positions takes 1 KiB.
@pytest.mark.parametrize(
    ('shape', 'pieces'),
    [
        pytest.param((1, 4, 2, 8), [(1, 4, 2, 8)], id='not large'),
        pytest.param((1, 4, 5, 8), [(1, 4, 1, 8)] * 5, id='rows'),
        pytest.param((1, 4, 5, 4), [(1, 4, 2, 4)] * 2 + [(1, 4, 1, 4)], id='a rest'),
        pytest.param((3, 4, 2, 8), [(1, 4, 1, 8)] * 6, id='rows of pictures'),
        pytest.param((8, 4, 1, 4), [(2, 4, 1, 4)] * 4, id='pictures'),
        pytest.param((1, 4, 1, 32), [(1, 4, 1, 32)], id='one row'),
        pytest.param((1, 4, 4, 2, 4), [(1, 4, 1, 2, 4)] * 4, id='frames'),
        pytest.param((2, 4, 3, 4, 4), [(1, 4, 1, 4, 4)] * 6, id='frames of clips'),
    ],
)
@pytest.mark.parametrize('training', [False, True])
def test_strips_have_outputs_and_gradients_of_the_whole(shape, pieces, training, strips):
    ffn = maps(len(shape) - 2)
    x = torch.randn(shape, dtype=torch.double, requires_grad=training)
    results = []
    for forward in (ffn, ffn.transform):
        with torch.set_grad_enabled(training):
            out = forward(x)
        results.append([out])
        if training:
            results[-1] += torch.autograd.grad(out.square().sum(), [x, *ffn.parameters()])
    assert strips == [*pieces, shape]
    for ours, whole in zip(*results, strict=True):
        assert ours.is_contiguous()
        torch.testing.assert_close(ours, whole, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize('register', ['register_forward_hook', 'register_forward_pre_hook'])
def test_a_hook_on_a_layer_sees_the_whole_map(register, strips):
    ffn, seen = maps(2), []
    handle = getattr(ffn.fc2, register)(lambda module, inputs, *out: seen.append(inputs[0].shape))
    x = torch.randn(1, 4, 5, 8, dtype=torch.double)
    ffn(x)
    assert seen == [(1, 16, 5, 8)]
    handle.remove()
    ffn(x)
    assert len(seen) == 1 and len(strips) == 1 + 5


@pytest.mark.parametrize(
    'register', ['register_full_backward_hook', 'register_full_backward_pre_hook']
)
def test_a_backward_hook_sees_the_gradient_of_the_whole_map(register, strips):
    ffn, seen = maps(2), []
    getattr(ffn.act, register)(lambda module, *gradients: seen.append(gradients[-1][0].shape))
    ffn(torch.randn(1, 4, 5, 8, dtype=torch.double)).sum().backward()
    assert seen == [(1, 16, 5, 8)]


def test_tokens_and_programs_stay_whole(strips):
    tokens = Mlp(4, 16).double()
    tokens(torch.randn(1, 400, 4, dtype=torch.double))
    x = torch.randn(1, 4, 5, 8, dtype=torch.double)
    program = torch.export.export(maps(2), (x,))
    convolutions = [node for node in program.graph.nodes if 'conv2d' in str(node.target)]
    assert len(convolutions) == 2
    torch.jit.trace(maps(2), x, check_trace=False)
    assert (1, 4, 1, 8) not in strips
