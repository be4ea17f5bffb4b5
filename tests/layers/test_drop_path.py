"""Drop path drops whole samples and keeps the mean."""

import pytest
import torch

from mmuniformer.layers import DropPath


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


def test_a_residual_connection_adds_the_branch_that_is_left():
    x = torch.randn(4, 5)
    drop_path = DropPath(0.4).train()
    torch.manual_seed(38)  # drops samples 1 and 3
    out = drop_path.add(x, torch.sin)
    torch.testing.assert_close(out[[0, 2]], x[[0, 2]] + x[[0, 2]].sin() / 0.6)
    assert torch.equal(out[[1, 3]], x[[1, 3]])
    assert torch.equal(drop_path.eval().add(x, torch.sin), x + x.sin())
