"""torch.compile takes each net as one graph, and sizes of images as they come."""

import pytest
import torch
from small_nets import sample, tensors, trained
from tiny_v2 import SSV
from tiny_v2 import TINY as TINY_V2
from torch import Tensor, fx

from mmuniformer.models import UniFormer, UniFormer3D, UniFormerLight, UniFormerV2

# As shallow as a net with every type of block can be: tracing takes time for each of them.
ARCH = {'depths': (1, 1, 1, 1), 'dims': (8, 8, 16, 16), 'head_dim': 8}
HYBRID = {'arch': {**ARCH, 'depths': (1, 1, 4, 1)}, 'window_size': 3}
LIGHT = {**ARCH, 'depths': (1, 1, 2, 1)}
V2 = {**TINY_V2, 'depth': 2}
NETS = {
    'global': lambda: UniFormer(arch=ARCH),
    'window': lambda: UniFormer(arch=ARCH, attention='window', window_size=3),
    'hybrid': lambda: UniFormer(**HYBRID, attention='hybrid'),
    'video': lambda: UniFormer3D(arch=ARCH),
    'light': lambda: UniFormerLight(arch=LIGHT),
    'v2': lambda: UniFormerV2(arch=V2, global_layers=(1,), **SSV),
}
TOLERANCE = 1e-5  # of the output's standard deviation
SIZES = ((128, 192), (192, 160), (230, 165))


class Counter:
    """A backend that runs what it is given as it is, and counts."""

    def __init__(self):
        self.graphs = 0

    def __call__(self, graph: fx.GraphModule, example: list[Tensor]):
        self.graphs += 1
        return graph.forward


@pytest.fixture(autouse=True)
def forget():
    torch._dynamo.reset()
    yield
    torch._dynamo.reset()


@pytest.mark.parametrize('training', [False, True])
@pytest.mark.parametrize('name', NETS)
def test_a_net_is_one_graph(name, training):
    net = trained(NETS[name]()).train(training)
    found = torch._dynamo.explain(net)(sample(net))
    assert [str(reason.reason) for reason in found.break_reasons] == []
    assert (found.graph_count, found.graph_break_count) == (1, 0)


@pytest.mark.slow
@pytest.mark.parametrize('name', NETS)
@torch.no_grad()
def test_other_sizes_need_one_more_graph_at_most_and_give_the_same(name):
    net, counter = trained(NETS[name]()), Counter()
    compiled = torch.compile(net, backend=counter)
    for height, width in SIZES:
        if name == 'v2':  # whole patches
            height, width = height // 32 * 8, width // 32 * 8
        x = torch.randn(*sample(net).shape[:-2], height, width)
        expected = tensors(net(x))
        torch._dynamo.mark_dynamic(x, (x.ndim - 2, x.ndim - 1))
        for left, right in zip(expected, tensors(compiled(x)), strict=True):
            assert (left - right).abs().max() < TOLERANCE * left.std()
    assert counter.graphs <= 2
