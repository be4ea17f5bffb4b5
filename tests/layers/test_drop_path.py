"""Drop path: which samples, what stays the same, what is not computed."""

import pytest
import torch

from mmuniformer.layers import DividedBlock, DropPath, GlobalBlock
from mmuniformer.layers.blocks_v2 import LocalUniBlock


def test_drop_path_keeps_the_mean_and_drops_whole_samples():
    torch.manual_seed(0)
    out = DropPath(0.25).train()(torch.ones(20_000, 2, 3))
    assert out.mean().item() == pytest.approx(1, abs=0.02)
    assert out.unique().tolist() == pytest.approx([0, 1 / 0.75])
    assert torch.equal(out, out[:, :1, :1].expand_as(out))


def test_drop_path_is_the_identity_in_eval_and_refuses_a_rate_of_one():
    x = torch.randn(3, 4)
    assert DropPath(0.5).eval()(x) is x
    with pytest.raises(ValueError, match='outside'):
        DropPath(1.0)


@pytest.mark.parametrize(
    ('seed', 'dropped'), [(38, [1, 3]), (3, []), (28, [0, 1, 2, 3])], ids=['some', 'none', 'all']
)
def test_samples_that_drop_path_drops_are_not_computed_and_all_else_is_the_same(seed, dropped):
    torch.manual_seed(0)
    layer, x = torch.nn.Linear(6, 6), torch.randn(4, 5, 6)
    drop_path, seen = DropPath(0.4).train(), []

    def branch(part):
        seen.append(part.detach())
        return layer(part)

    def results(out):
        return out, *torch.autograd.grad(out.square().sum(), [leaf, *layer.parameters()])

    leaf = x.clone().requires_grad_()
    torch.manual_seed(seed)
    skipped = results(drop_path.add(leaf, branch))
    torch.manual_seed(seed)
    masked = results(leaf + drop_path(layer(leaf)))
    torch.testing.assert_close(skipped, masked)
    kept = [sample for sample in range(4) if sample not in dropped]
    # With nothing kept the parameters still get a gradient: of zeros.
    torch.testing.assert_close(torch.cat(seen), x[kept] if kept else x)


def test_drop_path_adds_a_branch_of_half_precision_to_a_full_one():
    x = torch.randn(4, 5)
    torch.manual_seed(38)
    out = DropPath(0.4).train().add(x, lambda part: part.bfloat16())
    torch.manual_seed(38)
    expected = x + DropPath(0.4).train()(x.bfloat16().float())
    torch.testing.assert_close(out, expected)
    assert out.dtype == torch.float32


@pytest.mark.parametrize(
    ('block', 'size'),
    [
        (GlobalBlock(2, 16, head_dim=8, window_size=3, drop_path=0.5), (4, 5)),
        (GlobalBlock(2, 16, head_dim=8, kv_stride=2, drop_path=0.5, layer_scale=0.3), (4, 5)),
        (GlobalBlock(3, 16, head_dim=8, drop_path=0.5), (2, 4, 3)),
        (DividedBlock(16, head_dim=8, drop_path=0.5), (2, 4, 3)),
        (LocalUniBlock(16, head_dim=8, local_mhra=2, drop_path=0.5), None),
    ],
    ids=['window', 'kv_stride', '3D', 'divided', 'V2'],
)
def test_blocks_train_as_if_dropped_branches_had_been_computed(block, size, monkeypatch):
    x = torch.randn(6, 16, *size) if size else torch.randn(6, 2, 5, 16)

    def results():
        torch.manual_seed(5)
        out = block.train()(x)
        return out, *torch.autograd.grad(out.square().sum(), list(block.parameters()))

    skipped = results()
    monkeypatch.setattr(DropPath, 'add', lambda self, x, branch: x + self(branch(x)))
    masked = results()
    torch.testing.assert_close(skipped, masked, rtol=1e-4, atol=1e-4)
    assert not torch.equal(masked[0], block.eval()(x))
