"""Training in two processes is training in one: data parallel, sharded, in accumulated batches."""

from collections.abc import Iterator

import pytest
import torch
from distributed_work import (
    OPTIMIZER,
    STEPS,
    alone,
    batch,
    build,
    data_parallel,
    loss_and_gradients,
    sharded,
    tiny_uniformer,
    tiny_uniformerv2,
)
from mmengine.config import Config
from mmengine.optim import build_optim_wrapper
from two_processes import run_in_two

from mmuniformer.engine import GroupedFSDPStrategy, wrap_uniformer_blocks
from mmuniformer.models import UniFormer, UniFormer3D, UniFormerLight, UniFormerV2

DEPTHS = (1, 2, 4, 1)
IMAGE, CLIP = (64, 64), (2, 32, 32)


def assert_same(found: dict, wanted: dict, tolerance: float = 1e-5) -> None:
    assert found.keys() == wanted.keys()
    for name, tensor in wanted.items():
        error = (found[name].double() - tensor.double()).abs().max().item()
        assert error <= tolerance, f'{name} differs by {error}'


@pytest.fixture(scope='module')
def ddp() -> list[dict]:
    return run_in_two(data_parallel, tiny_uniformer())


def test_two_processes_have_the_loss_and_gradients_of_one_with_the_whole_batch(ddp):
    wanted = loss_and_gradients(build(tiny_uniformer()), batch(0))
    mean = sum(result['loss'] for result in ddp) / 2
    assert mean == pytest.approx(wanted['loss'], abs=1e-6)
    assert abs(ddp[0]['loss'] - ddp[1]['loss']) > 1e-3  # of other images
    largest = max(gradient.abs().max() for gradient in wanted['gradients'].values())
    assert largest > 0.1
    for result in ddp:
        assert_same(result['gradients'], wanted['gradients'], 1e-6)


@pytest.mark.parametrize('accumulated', [2, 4])
def test_accumulated_parts_of_a_batch_make_the_step_of_the_whole(accumulated):
    weights = []
    for counts in (1, accumulated):
        model = build(tiny_uniformer())
        start = {name: value.clone() for name, value in model.state_dict().items()}
        wrapper = build_optim_wrapper(model, {**OPTIMIZER, 'accumulative_counts': counts})
        size = 4 // counts
        for part in range(counts):
            model.train_step(batch(0, slice(part * size, (part + 1) * size)), wrapper)
        weights.append(model.state_dict())
    assert_same(weights[1], weights[0], 1e-6)
    moved = max((weights[0][name] - start[name]).abs().max() for name in start)
    assert moved > 1e-3


@pytest.fixture(scope='module')
def strategy_cfg(repo_root) -> dict:
    """The strategy of the config for FSDP, as a user runs it."""
    config = Config.fromfile(repo_root / 'configs/cls/uniformer_b_in1k_fsdp.py')
    return config.strategy.to_dict()


@pytest.fixture(scope='module', params=['uniformer', 'uniformerv2'])
def fsdp(request, strategy_cfg, tmp_path_factory) -> Iterator[tuple[dict, list[dict], int]]:
    """Training alone, in two shards, and the number of blocks."""
    folder = str(tmp_path_factory.mktemp('fsdp'))
    if request.param == 'uniformer':
        backbone, size, blocks = tiny_uniformer(), IMAGE, sum(DEPTHS)
    else:
        backbone, size, blocks = tiny_uniformerv2(), CLIP, 2 + 2  # local, and global UniBlocks
    results = run_in_two(sharded, strategy_cfg, backbone, size, folder)
    return alone(backbone, size), results, blocks


def test_every_block_is_a_unit_of_its_own_and_the_rest_is_one_more(fsdp):
    _, results, blocks = fsdp
    assert [result['units'] for result in results] == [blocks + 1] * 2


def test_the_processes_hold_every_parameter_once_between_them(fsdp):
    wanted, results, _ = fsdp
    whole = sum(wanted['state_dict'][name].numel() for name in wanted['groups'])
    held = [result['held'] for result in results]
    assert sum(held) == whole
    assert max(held) < 0.51 * whole


def test_a_step_gathers_blocks_twice_and_the_rest_once(fsdp):
    """What tools/dev/estimate_distributed.py computes traffic from."""
    _, results, blocks = fsdp
    for result in results:
        traffic = result['traffic']
        gathers, scatters = (
            sum(count for name, count in traffic.items() if name.startswith(operation))
            for operation in ('all_gather', 'reduce_scatter')
        )
        assert gathers == 2 * blocks + 1
        assert scatters == blocks + 1


def test_shards_learn_what_one_process_learns(fsdp):
    wanted, results, _ = fsdp
    losses = [result['straight']['losses'] for result in results]
    for step in range(STEPS):
        mean = (losses[0][step] + losses[1][step]) / 2
        assert mean == pytest.approx(wanted['losses'][step], abs=1e-5)
    assert_same(results[0]['straight']['state_dict'], wanted['state_dict'])
    assert results[1]['straight']['state_dict'] == {}  # the first process gathers


def test_shards_resume_from_a_checkpoint_with_momentum_and_all(fsdp):
    wanted, results, _ = fsdp
    assert len(results[0]['resumed']['losses']) == STEPS - 1
    assert_same(results[0]['resumed']['state_dict'], wanted['state_dict'])


def test_shards_keep_learning_rate_and_decay_of_their_parameter(fsdp):
    wanted, results, _ = fsdp
    for result in results:
        assert result['groups'] == wanted['groups']
    assert {decay for _, decay in wanted['groups'].values()} == {0.0, 0.05}


@pytest.mark.parametrize(
    ('net', 'blocks'),
    [
        (lambda: UniFormer(arch='base', attention='hybrid'), 40),
        (lambda: UniFormer(arch=dict(local_ffn=False)), 18),
        (lambda: UniFormer3D(attention='divided'), 18),
        (lambda: UniFormerLight(arch='xs'), 20),
        (lambda: UniFormerV2(arch='b16'), 12 + 4),
    ],
)
def test_the_policy_names_the_blocks_of_every_backbone(net, blocks):
    with torch.device('meta'):
        modules = list(net().modules())
    chosen = [m for m in modules if wrap_uniformer_blocks(m, recurse=False, nonwrapped_numel=0)]
    assert len(chosen) == blocks
    assert all(wrap_uniformer_blocks(m, recurse=True, nonwrapped_numel=0) for m in modules)


def test_flat_parameters_of_several_groups_are_refused():
    with pytest.raises(ValueError, match='use_orig_params=False'):
        GroupedFSDPStrategy(model_wrapper={'use_orig_params': False})
