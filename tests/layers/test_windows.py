import pytest
import torch

from mmuniformer.layers import Attention, merge, pad_to_windows, partition, windowed


@pytest.mark.parametrize(('height', 'width'), [(1, 1), (14, 14), (15, 29), (33, 7), (50, 80)])
@pytest.mark.parametrize('size', [1, 3, 14])
def test_merging_the_windows_of_a_padded_map_gives_the_map(height, width, size):
    x = torch.randn(2, height, width, 5)
    padded = pad_to_windows(x, size)
    windows = partition(padded, size)
    assert windows.shape[0] == 2 * -(-height // size) * -(-width // size)
    back = merge(windows, size, *padded.shape[1:3])[:, :height, :width]
    assert torch.equal(back, x)


def test_padding_is_zero_and_only_at_the_bottom_and_right():
    padded = pad_to_windows(torch.ones(1, 3, 5, 2), 4)
    assert padded.shape == (1, 4, 8, 2)
    assert padded[:, :3, :5].min() == 1 and padded.sum() == 30


def test_a_window_holds_neighboring_positions():
    x = torch.arange(16.0).view(1, 4, 4, 1)
    assert partition(x, 2)[1, :, 0].tolist() == [2, 3, 6, 7]


def test_windows_do_not_see_each_other_and_padding_takes_part():
    torch.manual_seed(0)
    attention = Attention(8, 4).eval()
    x = torch.randn(1, 6 * 6, 8)
    changed = x.clone().view(1, 6, 6, 8)
    changed[:, 4:, 4:] += 1
    a = windowed(attention, x, 6, 6, 4).view(1, 6, 6, 8)
    b = windowed(attention, changed.view(1, 36, 8), 6, 6, 4).view(1, 6, 6, 8)
    assert torch.equal(a[:, :4, :4], b[:, :4, :4])
    assert not torch.allclose(a[:, 4:, 4:], b[:, 4:, 4:])
    # The last window is 2×2 of the map and 12 zeros: as if these were 12 more tokens.
    tokens = torch.cat([x.view(1, 6, 6, 8)[:, 4:, 4:].reshape(1, 4, 8), torch.zeros(1, 12, 8)], 1)
    expected = attention(tokens)[:, :4].view(1, 2, 2, 8)
    torch.testing.assert_close(a[:, 4:, 4:], expected)
