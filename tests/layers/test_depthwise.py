"""Depthwise convolutions against PyTorch's own, in function and gradients of every order."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from mmuniformer.layers.depthwise import depthwise

KERNELS = [(5, 5), (3, 3), (3, 7), (5, 5, 5), (3, 3, 3), (1, 5, 5), (3, 1, 1)]
NAMES = ['×'.join(map(str, kernel)) for kernel in KERNELS]


def plain(layer: nn.Module) -> nn.Module:
    """The layer as PyTorch has it, on the same parameters."""
    kind = nn.Conv2d if isinstance(layer, nn.Conv2d) else nn.Conv3d
    twin = kind(
        layer.in_channels, layer.out_channels, layer.kernel_size, padding=layer.padding,
        groups=layer.groups,
    )  # fmt: skip
    twin.load_state_dict(layer.state_dict())
    return twin.to(layer.weight.dtype)


def sample(kernel: tuple[int, ...]) -> torch.Tensor:
    size = (4, 9, 6)[-len(kernel) :] if kernel != (3, 1, 1) else (4, 9, 1)
    return torch.randn(2, 6, *size, dtype=torch.double, requires_grad=True)


@pytest.mark.parametrize('kernel', KERNELS, ids=NAMES)
def test_maps_and_gradients_are_those_of_a_convolution(kernel):
    torch.manual_seed(0)
    layer = depthwise(len(kernel), 6, kernel).double()
    x = sample(kernel)
    results = []
    for net in (layer, plain(layer)):
        out = net(x)
        grads = torch.autograd.grad(out.sin().sum(), [x, *net.parameters()], create_graph=True)
        second = torch.autograd.grad(grads[0].square().sum(), [x, net.weight])
        results.append([out, *grads, *second])
    torch.testing.assert_close(*results, rtol=1e-10, atol=1e-12)
    assert out.shape == x.shape


@pytest.mark.parametrize('kernel', KERNELS, ids=NAMES)
def test_without_gradients_it_is_the_convolution_itself(kernel):
    torch.manual_seed(0)
    layer = depthwise(len(kernel), 6, kernel)
    x = sample(kernel).float()
    with torch.no_grad():
        torch.testing.assert_close(layer(x), plain(layer)(x))


@pytest.mark.parametrize('kernel', [(5, 5), (5, 5, 5)], ids=['2D', '3D'])
def test_autocast_computes_its_gradients_in_bfloat16_too(kernel):
    torch.manual_seed(0)
    layer = depthwise(len(kernel), 6, kernel)
    x = sample(kernel).detach().float().requires_grad_()
    results = []
    for net in (layer, plain(layer)):
        with torch.autocast('cpu', torch.bfloat16):
            out = net(x)
        grads = torch.autograd.grad(out.float().sin().sum(), [x, *net.parameters()])
        assert out.dtype == torch.bfloat16 and grads[0].dtype == grads[1].dtype == torch.float32
        results.append([out, *grads])
    for ours, theirs in zip(*results, strict=True):
        assert (ours - theirs).norm() <= 0.02 * theirs.norm()


@pytest.mark.parametrize('kernel', [(5, 5), (3, 3, 3)], ids=['2D', '3D'])
def test_only_the_gradients_that_are_wanted_are_computed(kernel):
    layer = depthwise(len(kernel), 6, kernel).double()
    x = sample(kernel).detach()
    layer.bias.requires_grad_(False)
    layer(x).sum().backward()
    assert layer.bias.grad is None and x.grad is None
    expected = plain(layer)
    expected(x).sum().backward()
    torch.testing.assert_close(layer.weight.grad, expected.weight.grad)


def test_functional_gradients_of_single_samples_come_out():
    layer = depthwise(2, 6, 5).double()
    x = sample((5, 5)).detach()
    parameters = dict(layer.named_parameters())

    def loss(parameters, picture):
        return torch.func.functional_call(layer, parameters, picture[None]).square().sum()

    by_sample = torch.func.vmap(torch.func.grad(loss), (None, 0))(parameters, x)
    total = F.conv2d(x, layer.weight, layer.bias, padding=2, groups=6).square().sum()
    (expected,) = torch.autograd.grad(total, layer.weight)
    torch.testing.assert_close(by_sample['weight'].sum(0), expected)
