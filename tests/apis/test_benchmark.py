"""The benchmark: fair ratios, the explicit form is the same network, failures are reported."""

import json
from functools import partial

import pytest
import torch
from commands import refuse_command, run_command
from torch import nn

from mmuniformer.apis.benchmarking import nets, timing
from mmuniformer.apis.benchmarking.run import choose_inputs, plan_comparisons
from mmuniformer.layers.accelerate import PLAIN
from mmuniformer.layers.attention import Attention
from mmuniformer.models import UniFormer, UniFormer3D

TINY = dict(arch=dict(depths=(1, 1, 2, 1), dims=(16, 32, 64, 64), head_dim=16), out_norm='layer')
TINY3D = {**TINY, 'out_indices': 3}


class Scale(nn.Module):
    """Multiply by a number that can be learned."""

    def __init__(self):
        super().__init__()
        self.factor = nn.Parameter(torch.tensor(2.0))
        self.calls = 0

    def forward(self, x):
        self.calls += 1
        return x * self.factor


def missing(*args, **options):
    raise ModuleNotFoundError("No module named 'mmxyz'")


def make_timing(name, *times):
    return timing.Timing(name, nets.OURS, list(times))


@pytest.fixture
def tiny_suite(monkeypatch):
    suite = nets.Suite(
        {'8×8': (1, 3, 8, 8), '16×16': (1, 3, 16, 16)},
        (
            nets.Net('scale', nets.OURS, Scale),
            nets.Net('again', nets.PEER, Scale),
            nets.Net('absent', nets.PEER, missing),
        ),
    )
    monkeypatch.setitem(nets.SUITES, 'tiny', suite)
    return suite


@pytest.mark.parametrize('reference', [nets.explicit, nets.original])
@pytest.mark.parametrize('attention', ['global', 'window', 'hybrid'])
def test_a_reference_form_gives_the_same_maps_and_gradients(attention, reference):
    torch.manual_seed(0)
    net = UniFormer(**TINY, attention=attention).double()
    x = torch.randn(2, 3, 96, 128, dtype=torch.double)
    results = []
    for form in (net, reference(net)):
        net.zero_grad()
        outs = form(x)
        sum(out.square().mean() for out in outs).backward()
        results.append([*outs, *(p.grad.clone() for p in net.parameters())])
    for ours, theirs in zip(*results, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(
    ('net', 'size'),
    [(UniFormer(**TINY), (64, 64)), (UniFormer3D(**TINY3D), (4, 64, 64))],
    ids=['2D', '3D'],
)
def test_the_original_form_is_plain_with_explicit_attention(net, size, monkeypatch):
    x = torch.randn(1, 3, *size)
    expected = net(x)
    original = nets.original(net)
    assert original is net
    assert not {type(module) for module in net.modules()} & {Attention, *PLAIN}
    monkeypatch.setattr(torch.nn.functional, 'scaled_dot_product_attention', missing)
    torch.testing.assert_close(original(x), expected)


def test_the_masked_form_gives_the_same_maps_and_gradients():
    torch.manual_seed(0)
    net = UniFormer(**TINY, drop_path_rate=0.6).train()
    x = torch.randn(4, 3, 64, 64)
    results = []
    for form in (net, nets.masked(net)):
        torch.manual_seed(1)
        outs = form(x)
        results.append((*outs, *torch.autograd.grad(outs[-1].sum(), net.blocks3.parameters())))
    torch.testing.assert_close(*results, rtol=1e-3, atol=1e-4)


def test_the_ratio_is_the_median_of_the_rounds_so_that_one_busy_round_counts_little():
    timings = [make_timing('ours', 1.0, 10.0, 1.0), make_timing('theirs', 2.0, 20.0, 3.0)]
    assert timing.ratios(timings) == {'ours': 1.0, 'theirs': 2.0}


def test_spread_is_half_the_distance_of_the_quartiles():
    assert make_timing('net', 1.0, 2.0, 3.0, 4.0, 5.0).spread == pytest.approx(1 / 3)
    assert make_timing('net', 1.0).spread == 0


@pytest.mark.parametrize('mode', ['forward', 'train'])
@pytest.mark.parametrize('dtype', ['float32', 'bfloat16'])
def test_every_round_gives_every_net_one_step(tiny_suite, mode, dtype):
    built, steps = [], []
    suite = [nets.Net(name, nets.OURS, lambda: built.append(Scale()) or built[-1]) for name in 'ab']
    task = timing.Task(mode, dtype)
    timings = timing.compare(suite, (1, 3, 4, 4), task, 3, lambda: steps.append(1))
    assert [net.calls for net in built] == [5, 5]  # one to count FLOPs, one not timed
    assert [len(result.times) for result in timings] == [3, 3]
    assert len(steps) == 8
    assert all(net.training is (mode == 'train') for net in built)


def test_attention_counts_as_its_two_products():
    dim, tokens = 32, 10
    projections, products = 4 * dim * dim * tokens, 2 * tokens * tokens * dim
    attention = Attention(dim, head_dim=16)
    assert timing.count_operations(attention, torch.zeros(1, tokens, dim)) == 2 * (
        projections + products
    )


@pytest.mark.parametrize(('mode', 'passes'), [('forward', 1), ('train', 3)])
def test_mfu_is_the_rate_of_a_net_over_that_of_a_product_of_matrices(mode, passes, monkeypatch):
    monkeypatch.setitem(timing.PRODUCT_SIZE, 'cpu', 10)
    seconds = {timing.PRODUCT: [1.0] * 3, 'conv': [4.0] * 3}
    monkeypatch.setattr(timing, 'time_rounds', lambda steps, *args, **options: seconds)
    suite = [nets.Net('conv', nets.PEER, partial(nn.Conv2d, 3, 5, 1))]
    (result,) = timing.compare(suite, (1, 3, 6, 7), timing.Task(mode), 3)
    assert result.flops == 2 * 3 * 5 * 6 * 7
    assert result.utilization == pytest.approx(passes * result.flops / 4 / (2 * 10**3))


def test_a_training_step_reaches_every_parameter():
    net = Scale()
    seen = []
    net.factor.register_hook(lambda gradient: seen.append(gradient))
    timing.Task('train').run(net, torch.ones(1, 3, 2, 2))
    assert [gradient.item() for gradient in seen] == pytest.approx([12.0])
    assert net.factor.grad is None


@pytest.mark.slow
def test_compiled_nets_are_compiled():
    task = timing.Task('forward', compiled=True)
    (result,) = timing.compare([nets.Net('a', nets.OURS, Scale)], (1, 3, 4, 4), task, 1)
    assert result.failure is None and len(result.times) == 1


def test_the_fused_version_follows_each_of_our_nets():
    ours = nets.Net('tiny', nets.OURS, lambda: UniFormer(**TINY))
    peer = nets.Net('scale', nets.PEER, Scale)
    first, fused, last = nets.with_fused([ours, peer])
    assert (first, fused.name, fused.role, last) == (ours, 'tiny, fused', nets.FUSED, peer)
    assert fused.build().fused
    task = timing.Task('forward')
    timings = timing.compare([first, fused], (1, 3, 32, 32), task, 1)
    assert [result.failure for result in timings] == [None, None]


def test_inputs_are_chosen_by_a_part_of_their_name_or_by_size_and_nets_by_patterns(tiny_suite):
    assert list(choose_inputs(tiny_suite, ['16x'])) == [('16×16', (1, 3, 16, 16))]
    assert list(choose_inputs(tiny_suite, ['32x24'])) == [('32×24', (1, 3, 32, 24))]
    # The first net is always there to compare with.
    assert [net.name for net in tiny_suite.choose(['ag*'])] == ['scale', 'again']


def each_net():
    return [
        pytest.param(net, next(iter(suite.inputs.values())), id=net.name)
        for name, suite in nets.SUITES.items()
        for net in suite.nets
        if name not in ('image-b', 'det-b')
    ]


@pytest.mark.parametrize(('net', 'shape'), each_net())
def test_every_net_of_the_benchmark_takes_its_input(net, shape):
    for toolbox in ('mmdet', 'mmpretrain', 'mmaction'):
        pytest.importorskip(toolbox)
    side = 224 if 'V2' in net.name else 64  # V2's positions are of 224 pixels
    model, outs = net.build(), []
    model.register_forward_hook(lambda module, inputs, out: outs.extend(timing.flatten(out)))
    trained = [parameter.requires_grad for parameter in model.parameters()]
    assert timing.count_operations(model, torch.randn(1, *shape[1:-2], side, side)) > 1e8
    assert [parameter.requires_grad for parameter in model.parameters()] == trained
    assert outs and all(out.isfinite().all() and out.std() > 0 for out in outs)


def test_a_plan_has_every_input_task_and_precision_and_a_batch_if_given(tiny_suite):
    plans = plan_comparisons('tiny', modes=['forward', 'train'], dtypes=['float32', 'bfloat16'])
    assert [plan.input for plan in plans] == ['8×8'] * 4 + ['16×16'] * 4
    assert [str(plan.task) for plan in plans[:4]] == [
        'forward, float32', 'forward, bfloat16', 'train, float32', 'train, bfloat16'
    ]  # fmt: skip
    (plan,) = plan_comparisons(['tiny'], inputs=['16x16'], batch=3, rounds=2, nets=['again'])
    assert (plan.input, plan.shape) == ('16×16, batch 3', (3, 3, 16, 16))
    steps = []
    comparison = plan.run(lambda: steps.append(1))
    assert len(steps) == plan.steps == 6
    assert [len(result.times) for result in comparison.timings] == [2, 2]


def test_a_net_that_fails_takes_its_steps_too_and_says_why(tiny_suite):
    steps = []
    (plan,) = plan_comparisons('tiny', inputs=['8x8'], nets=['absent'], rounds=2)
    comparison = plan.run(lambda: steps.append(1))
    assert len(steps) == plan.steps == 6
    assert comparison.timings[1].failure == "not installed: No module named 'mmxyz'"


def test_a_comparison_leaves_the_random_state_alone(tiny_suite):
    state = torch.get_rng_state()
    plan_comparisons('tiny', rounds=1)[0].run()
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (['fast'], "there is no suite 'fast'; there are image-s, image-b, det-s, det-b, video"),
        (['--rounds', '0'], 'rounds is at least 1, got 0'),
        (['--batch', '0'], 'batch is at least 1, got 0'),
        (['--threads', '0'], '--threads is at least 1, got 0'),
        (['--input', '8x8x8'], "'8x8x8' is no input of the suite"),
        (['--fuse', '--task', 'train'], 'a fused network cannot be trained'),
        (['--device', 'cuda:99'], 'PyTorch finds no GPU here'),
    ],
)
def test_bad_arguments_are_refused_with_what_is_allowed(arguments, message):
    assert message in refuse_command('benchmark', *arguments)


@pytest.mark.parametrize('options', [{'modes': ['test']}, {'dtypes': ['test']}])
def test_an_unknown_mode_or_precision_is_refused(options):
    with pytest.raises(ValueError, match=r"'test' is none of \('f"):
        plan_comparisons(**options)


def test_the_command_writes_a_table_a_figure_and_numbers_and_names_what_is_absent(
    tiny_suite, tmp_path
):
    arguments = ['tiny', '--input', '8x8', '--task', 'forward', 'train', '--rounds', '2']
    out = run_command('benchmark', *arguments, '--out', tmp_path / 'out')
    assert "not installed: No module named 'mmxyz'" in out
    content = json.loads((tmp_path / 'out' / 'benchmark.json').read_text())
    assert [item['task']['mode'] for item in content['comparisons']] == ['forward', 'train']
    first = content['comparisons'][0]
    scale, again, absent = first['timings']
    pairs = zip(again['times'], scale['times'], strict=True)
    expected = sum(theirs / ours for theirs, ours in pairs) / 2
    assert first['ratios'] == {'scale': 1.0, 'again': pytest.approx(expected)}
    assert absent['times'] == []
    markdown = (tmp_path / 'out' / 'benchmark.md').read_text()
    assert '**8×8, train, float32**' in markdown and '| scale | 1.00× |' in markdown
    figure = (tmp_path / 'out' / 'benchmark.png').read_bytes()
    assert figure.startswith(b'\x89PNG') and len(figure) > 5000
