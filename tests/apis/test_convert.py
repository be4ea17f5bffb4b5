"""The examples in the docstrings about conversion; what they do is tested with the tools."""

import doctest
from types import ModuleType

import pytest
import torch
from reference import Case

from mmuniformer.apis import class_heads, convert

pytest.importorskip('mmpretrain')


def k710_file() -> dict[str, torch.Tensor]:
    """The names of a UniFormerV2 of mmaction2, with hardly any numbers and 710 classes."""
    manifest = Case('mmaction2_uniformerv2_b16').manifest
    state = {name: torch.zeros(shape[:1]) for name, shape in manifest.items()}
    return {**state, **{k: torch.zeros(710) for k in state if k.startswith('cls_head.')}}


@pytest.mark.parametrize('module', [convert, class_heads], ids=lambda module: module.__name__)
def test_the_examples_print_what_they_say(module: ModuleType, tmp_path, monkeypatch, repo_root):
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'configs').symlink_to(repo_root / 'configs')
    torch.save({'model': Case('cls_small').state_dict()}, 'uniformer_small_in1k.pth')
    torch.save(Case('video_small').state_dict(), 'uniformer_small_k400_16x4.pth')
    torch.save(k710_file(), 'uniformerv2_b16_8_k710.pth')
    result = doctest.testmod(module)
    assert result.attempted > 0
    assert result.failed == 0
