"""Latency: steps take turns, warm-ups do not count, medians are returned."""

import time

import pytest
import torch

from mmuniformer.apis.timing import latencies, latency, time_rounds, time_step


class Clock:
    """A clock that moves only when a step moves it."""

    def __init__(self):
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_steps_take_turns_after_warmups_that_are_not_timed():
    clock, order = Clock(), []

    def step(name: str, seconds: float):
        order.append(name)
        clock.now += seconds

    steps = {'a': lambda: step('a', len(order)), 'b': lambda: step('b', 100.0)}
    ticks = []
    times = time_rounds(
        steps, 3, warmup=2, clock=clock, on_step=lambda name: ticks.append((name, len(order)))
    )
    assert order == ['a', 'b'] * 5
    assert times == {'a': [4, 6, 8], 'b': [100, 100, 100]}
    assert ticks == [('a', 5), ('b', 6), ('a', 7), ('b', 8), ('a', 9), ('b', 10)]


def test_latencies_are_the_medians_of_the_rounds(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(
        time_rounds, '__kwdefaults__', {**time_rounds.__kwdefaults__, 'clock': clock}
    )
    waits = iter([50, 1, 7, 2])  # the first one is the warm-up

    def wait(x):
        assert x.shape == (2, 3)
        clock.now += next(waits)

    assert latencies({'wait': wait}, torch.zeros(2, 3), rounds=3) == {'wait': 2}


def test_a_step_takes_as_long_as_it_sleeps():
    assert 0.02 <= time_step(lambda: time.sleep(0.02)) < 0.5


def test_no_rounds_are_refused():
    with pytest.raises(ValueError, match='rounds is 0; at least 1'):
        latencies({}, torch.zeros(1), rounds=0)


@pytest.mark.parametrize('device', ['cuda:99', 'gpu'])
def test_a_device_that_is_not_there_is_refused(device):
    with pytest.raises(ValueError, match=f'{device}.* use cpu'):
        latency('uniformer_xxs_in1k_128', device=device)


@pytest.mark.skipif(not torch.cuda.is_available(), reason='needs a GPU')
def test_a_step_on_a_gpu_ends_with_its_kernels():
    x = torch.randn(4096, 4096, device='cuda')
    x @ x
    assert time_step(lambda: [x @ x for _ in range(20)], 'cuda') > 20 * 1e-4


@pytest.mark.parametrize(
    ('name', 'shape'),
    [
        ('uniformer_xxs_in1k_128', None),
        ('mini_fpn_uniformer_s_h14', (64, 64)),
        ('mini_mask_rcnn_uniformer_s_h14', (64, 64)),
        ('mini_uniformer_xxs_16_motion', (4, 32, 32)),
    ],
)
def test_models_of_configs_are_timed_and_the_random_state_is_left_alone(name, shape):
    state = torch.get_rng_state()
    assert 0 < latency(name, shape, rounds=1) < 60
    assert torch.equal(torch.get_rng_state(), state)
