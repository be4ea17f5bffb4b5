"""Token labels of any map, box and mixture: sums, shares and symmetries."""

import fuzzing  # noqa: F401
import numpy as np
import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st

pytest.importorskip('mmpretrain')

from mmuniformer.token_labeling import MixToken
from mmuniformer.token_labeling.label_maps import (
    read_label_map,
    token_targets,
    top_classes,
    write_label_map,
)

CELLS = st.integers(1, 9)
SEEDS = st.integers(0, 2**31 - 1)
SHARES = st.floats(0, 1, width=32)
WHOLE = torch.tensor([[0.0, 0.0, 1.0, 1.0]])


def maps(seed: int, k: int, classes: int, rows: int, columns: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    logits = 5 * torch.randn(1, classes, rows, columns, generator=generator)
    return top_classes(logits, k).float()


@st.composite
def boxes(draw) -> torch.Tensor:
    edges = [sorted((draw(SHARES), draw(SHARES))) for _ in range(2)]
    assume(all(last - first > 1e-3 for first, last in edges))
    (left, right), (top, bottom) = edges
    return torch.tensor([[left, top, right, bottom]])


@given(SEEDS, st.integers(1, 5), st.integers(5, 12), CELLS, CELLS, boxes(), CELLS, CELLS, SHARES)
def test_labels_are_probabilities_and_nothing_is_changed_in_place(
    seed, k, classes, rows, columns, box, height, width, smoothing
):
    label_maps, given_box = maps(seed, k, classes, rows, columns), box.clone()
    kept = label_maps.clone()
    scores, tokens = token_targets(label_maps, box, classes, (height, width), smoothing=smoothing)
    assert tokens.shape == (1, classes, height, width)
    for labels in (scores, tokens):
        torch.testing.assert_close(labels.sum(1), torch.ones_like(labels[:, 0]))
        assert labels.min() >= smoothing / classes - 1e-6
    assert torch.equal(label_maps, kept) and torch.equal(box, given_box)


@given(SEEDS, st.integers(1, 5), st.integers(5, 12), st.data())
def test_cropped_cells_have_the_softmax_of_their_logits(seed, k, classes, data):
    rows, columns = data.draw(CELLS), data.draw(CELLS)
    top, left = (data.draw(st.integers(0, side - 1)) for side in (rows, columns))
    bottom, right = data.draw(st.integers(top + 1, rows)), data.draw(st.integers(left + 1, columns))
    label_map = maps(seed, k, classes, rows, columns)
    box = torch.tensor([[left / columns, top / rows, right / columns, bottom / rows]])
    _, tokens = token_targets(label_map, box, classes, (bottom - top, right - left), smoothing=0)
    (values, numbers) = label_map[0].double().numpy()
    for row in range(top, bottom):
        for column in range(left, right):
            logits = np.zeros(classes)
            logits[numbers[:, row, column].astype(int)] = values[:, row, column]
            expected = np.exp(logits) / np.exp(logits).sum()
            found = tokens[0, :, row - top, column - left].numpy()
            np.testing.assert_allclose(found, expected, atol=2e-4)


@given(SEEDS, CELLS, CELLS, boxes(), CELLS, CELLS)
def test_labels_are_flipped_with_the_map_and_its_box(seed, rows, columns, box, height, width):
    label_map = maps(seed, 3, 7, rows, columns)
    scores, tokens = token_targets(label_map, box, 7, (height, width))
    mirrored = torch.stack([1 - box[:, 2], box[:, 1], 1 - box[:, 0], box[:, 3]], 1)
    scores_m, tokens_m = token_targets(label_map.flip(-1), mirrored, 7, (height, width))
    torch.testing.assert_close(tokens_m, tokens.flip(-1), atol=1e-4, rtol=1e-3)
    torch.testing.assert_close(scores_m, scores, atol=1e-4, rtol=1e-3)
    turned = label_map.transpose(-1, -2)
    scores_t, tokens_t = token_targets(turned, box[:, [1, 0, 3, 2]], 7, (width, height))
    torch.testing.assert_close(tokens_t, tokens.transpose(-1, -2), atol=1e-4, rtol=1e-3)
    if rows == columns:  # as in the released code
        released = token_targets(turned, box, 7, (width, height), transpose_boxes=True)
        torch.testing.assert_close(released, (scores_t, tokens_t), atol=1e-5, rtol=1e-4)


@given(SEEDS, st.integers(1, 6), st.integers(6, 3000), CELLS, CELLS)
def test_the_largest_logits_are_kept_on_disk_with_their_classes(
    tmp_path, seed, k, classes, rows, columns
):
    logits = torch.randn(1, classes, rows, columns, generator=torch.Generator().manual_seed(seed))
    write_label_map(tmp_path / 'map.pt', top_classes(logits, k)[0])
    values, numbers = read_label_map(tmp_path / 'map.pt')
    expected = np.sort(logits[0].numpy(), 0)[::-1][:k]
    np.testing.assert_allclose(values, expected, rtol=2e-3, atol=1e-4)
    assert torch.equal(logits[0].gather(0, numbers.long()), torch.from_numpy(expected.copy()))


@given(st.data())
def test_a_damaged_map_is_refused_by_name(tmp_path, data):
    path = tmp_path / 'map.pt'
    write_label_map(path, maps(0, 3, 7, 4, 4)[0])
    whole, content = path.read_bytes(), bytearray(path.read_bytes())
    if data.draw(st.booleans()):
        content = content[: data.draw(st.integers(0, len(content) - 1))]
    else:
        content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    true = read_label_map(path)
    path.write_bytes(content)
    try:
        found = read_label_map(path)
    except ValueError as error:
        problem = str(error)
    else:
        assert torch.equal(found, true)
        return
    assert str(path) in problem and len(whole) >= len(content)


@pytest.mark.parametrize('number', [float('nan'), float('inf'), 1j])
def test_a_map_with_non_finite_values_is_refused(number, tmp_path):
    label_map = torch.zeros(2, 1, 3, 3, dtype=torch.complex64 if number == 1j else torch.float32)
    label_map[0, 0, 1, 1] = number
    torch.save(label_map, tmp_path / 'map.pt')
    with pytest.raises(ValueError, match=r'map\.pt.*NaN, infinite or complex'):
        read_label_map(tmp_path / 'map.pt')


@st.composite
def mixtures(draw) -> tuple:
    """Return a mixer, and a batch whose pixels and token labels hold the image's index."""
    patch, ratio = draw(st.integers(1, 4)), draw(st.integers(1, 4))
    rows, columns, count = draw(CELLS), draw(CELLS), draw(st.integers(1, 5))
    mixer = MixToken(
        draw(st.floats(0.1, 5)), token_stride=patch * ratio, patch_stride=patch,
        align=draw(st.booleans()),
    )  # fmt: skip
    numbers = torch.arange(float(count))
    images = numbers[:, None, None, None].expand(
        count, 3, rows * patch * ratio, columns * patch * ratio
    )
    one_hot = torch.eye(count)
    tokens = one_hot[:, :, None, None].expand(count, count, rows, columns)
    np.random.seed(draw(SEEDS))
    box = mixer.draw_box(*images.shape[2:])
    return mixer, images.clone(), one_hot, tokens.clone(), box


@given(mixtures())
def test_the_ratio_of_a_mixture_is_the_share_of_its_pixels(mixture):
    mixer, images, labels, tokens, box = mixture
    kept = [each.clone() for each in (images, labels, tokens)]
    mixed, mixed_labels, mixed_tokens = mixer.mix(images, labels, tokens, box)
    stride, count = mixer.token_stride, len(images)
    for index in range(count):
        for number in range(count):
            pixels = (mixed[index] == number).float().mean(0)
            of_tokens = mixed_tokens[index, number]
            share = mixed_labels[index, number].item()
            assert share == pytest.approx(of_tokens.mean().item(), abs=1e-6)
            if mixer.align:
                assert share == pytest.approx(pixels.mean().item(), abs=1e-6)
                spread = of_tokens.repeat_interleave(stride, 0).repeat_interleave(stride, 1)
                assert torch.equal(spread, pixels)
        assert set(mixed[index].unique().tolist()) <= {float(index), float(count - 1 - index)}
    torch.testing.assert_close(mixed_labels.sum(1), torch.ones(count))
    torch.testing.assert_close(mixed_tokens.sum(1), torch.ones_like(mixed_tokens[:, 0]))
    for given_, copy in zip((images, labels, tokens), kept, strict=True):
        assert torch.equal(given_, copy)
    if not mixer.align and not torch.equal(mixed, images):
        top, bottom, left, right = (int(edge) * mixer.patch_stride for edge in box)
        counted = (mixed[0, 0] == count - 1).sum().item()
        assert count == 1 or counted == (bottom - top) * (right - left)
