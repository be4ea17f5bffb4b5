"""MixToken mixes pixels and labels alike."""

import numpy as np
import pytest
import torch

pytest.importorskip('mmpretrain')

from mmuniformer.models import UniFormer
from mmuniformer.token_labeling import MixToken

SIZE = 224  # 7 × 7 tokens, 56 × 56 patches


@pytest.fixture
def batch():
    """Return images, labels and token labels that all hold the image's index."""
    number = torch.arange(1.0, 5)
    return (
        number[:, None, None, None].expand(4, 3, SIZE, SIZE).clone(),
        number[:, None].expand(4, 2).clone(),
        number[:, None, None, None].expand(4, 2, 7, 7).clone(),
    )


def boxes(mix, count):
    np.random.seed(0)
    return [mix.draw_box(SIZE, SIZE) for _ in range(count)]


def test_an_empty_box_changes_nothing_and_a_full_one_swaps_partners(batch):
    mix = MixToken()
    for mixed, given in zip(mix.mix(*batch, (0, 0, 0, 0)), batch, strict=True):
        assert torch.equal(mixed, given)
    for mixed, given in zip(mix.mix(*batch, (0, 56, 0, 56)), batch, strict=True):
        assert torch.equal(mixed, given.flip(0))


def test_the_released_form_moves_the_box_for_the_labels_alone(batch):
    mix = MixToken(align=False)
    inputs, scores, tokens = mix.mix(*batch, (9, 31, 16, 42))  # in patches of 4 pixels
    changed = (inputs[0, 0] == 4).nonzero()
    assert changed.min(0).values.tolist() == [36, 64]
    assert changed.max(0).values.tolist() == [4 * 31 - 1, 4 * 42 - 1]
    assert (tokens[0, 0] == 4).nonzero().tolist() == [
        [row, column] for row in (1, 2) for column in (2, 3, 4)
    ]
    share = 2 * 3 / 49
    assert scores[0, 0].item() == pytest.approx((1 - share) * 1 + share * 4)


def test_mixing_pixels_is_mixing_tokens_after_the_patch_embedding():
    torch.manual_seed(0)
    stem = UniFormer(arch='small').patch_embed1
    inputs = torch.randn(4, 3, 64, 64)
    labels = torch.rand(4, 2), torch.rand(4, 2, 2, 2)
    mixed, _, _ = MixToken(align=False).mix(inputs, *labels, (3, 11, 6, 9))
    tokens = stem(inputs)
    tokens[:, :, 3:11, 6:9] = tokens.clone().flip(0)[:, :, 3:11, 6:9]
    torch.testing.assert_close(stem(mixed), tokens)


def test_mixing_labels_is_moving_the_logits_back_as_the_released_code_does(batch):
    torch.manual_seed(0)
    logits, labels = torch.randn(4, 5, 7, 7), torch.rand(4, 5, 7, 7).softmax(1)
    box = (8, 40, 16, 32)  # tokens 1 to 4, 2 and 3
    _, _, mixed = MixToken().mix(batch[0], batch[1], labels, box)
    ours = -(mixed * logits.log_softmax(1)).sum(1).mean()
    moved = logits.clone()
    moved[:, :, 1:5, 2:4] = logits.flip(0)[:, :, 1:5, 2:4]
    theirs = -(labels * moved.log_softmax(1)).sum(1).mean()
    assert ours.item() == pytest.approx(theirs.item(), rel=1e-6)


def test_a_high_alpha_keeps_half_of_the_image():
    mix = MixToken(alpha=1e6, patch_stride=1)
    inside = [
        (bottom - top) * (right - left)
        for top, bottom, left, right in boxes(mix, 50)
        if min(top, left) > 0 and max(bottom, right) < SIZE
    ]
    assert set(inside) == {158**2}  # of 224², in whole even numbers of pixels


def test_what_does_not_fit_is_refused(batch):
    with pytest.raises(ValueError, match='alpha is 0'):
        MixToken(0)
    with pytest.raises(ValueError, match='token_stride 32 is not a multiple of patch_stride 5'):
        MixToken(patch_stride=5)
    with pytest.raises(ValueError, match=r'\(7, 7\) tokens of 16 pixels'):
        MixToken(token_stride=16).mix(*batch, (0, 0, 0, 0))
