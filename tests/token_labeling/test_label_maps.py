"""Label maps as files and as soft labels."""

import pytest
import torch

pytest.importorskip('torchvision')

from torchvision.ops import roi_align

from mmuniformer.token_labeling.label_maps import (
    label_map_path,
    read_label_map,
    token_targets,
    top_classes,
    write_label_map,
)

WHOLE = [0.0, 0.0, 1.0, 1.0]


def one_class_maps(logits):
    """Make a map with ``logits`` for class 0 only."""
    scores = torch.as_tensor(logits, dtype=torch.float32)[None]
    return torch.stack([scores, torch.zeros_like(scores)])[None]


def class_0_logits(label_maps, box, size, **options):
    """Undo the softmax over two classes, one of them with logit 0."""
    boxes = torch.tensor([box], dtype=torch.float32)
    labels, tokens = token_targets(label_maps, boxes, 2, size, smoothing=0, **options)
    return labels.logit()[0, 0], tokens.logit()[0, 0]


def test_a_map_has_the_folder_and_name_of_its_image():
    path = label_map_path('maps', 'imagenet/train/n0144/n0144_1.v2.JPEG')
    assert path.as_posix() == 'maps/n0144/n0144_1.pt'


def test_a_map_is_read_as_written_and_equal_maps_give_equal_bytes(tmp_path):
    logits = torch.randn(1, 1000, 3, 4, generator=torch.Generator().manual_seed(0))
    label_map = top_classes(logits, 5)[0]
    assert label_map.dtype == torch.float16
    for name in ('a/x.pt', 'b/another_name.pt'):
        write_label_map(tmp_path / name, label_map)
    first, second = ((tmp_path / n).read_bytes() for n in ('a/x.pt', 'b/another_name.pt'))
    assert first == second
    assert [path.name for path in (tmp_path / 'a').iterdir()] == ['x.pt']
    scores, classes = read_label_map(tmp_path / 'a/x.pt')
    gathered = logits[0].gather(0, classes.long())
    torch.testing.assert_close(scores, gathered, atol=0, rtol=1e-3)
    assert classes.long().tolist() == logits[0].topk(5, 0).indices.tolist()


def test_a_failed_write_keeps_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / 'x.pt'
    write_label_map(path, torch.zeros(2, 1, 2, 2))
    before = path.read_bytes()

    def full(*_):
        raise OSError('disk full')

    monkeypatch.setattr('os.replace', full)
    with pytest.raises(OSError, match='disk full'):
        write_label_map(path, torch.ones(2, 1, 2, 2))
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ['x.pt']


def test_files_without_a_label_map_are_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match='mmuniformer make-label-maps'):
        read_label_map(tmp_path / 'none.pt')
    (tmp_path / 'damaged.pt').write_bytes(b'PK\x03\x04 cut')
    with pytest.raises(ValueError, match='damaged'):
        read_label_map(tmp_path / 'damaged.pt')
    torch.save(torch.zeros(5, 18, 18), tmp_path / 'flat.pt')
    with pytest.raises(ValueError, match=r'\(5, 18, 18\), not a tensor \(2, k, H, W\)'):
        read_label_map(tmp_path / 'flat.pt')


def test_a_crop_along_cell_edges_takes_these_cells():
    logits = torch.randn(4, 8, generator=torch.Generator().manual_seed(0))
    box = [2 / 8, 1 / 4, 6 / 8, 3 / 4]  # columns 2 to 5, rows 1 and 2
    label, tokens = class_0_logits(one_class_maps(logits), box, (2, 4))
    torch.testing.assert_close(tokens, logits[1:3, 2:6], atol=1e-5, rtol=1e-5)
    assert label.item() == pytest.approx(logits[1:3, 2:6].mean().item(), abs=1e-5)


def test_a_ramp_is_sampled_at_the_token_centers():
    # The logit at the center of a cell is its relative x; it is linear between centers.
    columns = (torch.arange(16) + 0.5) / 16
    box = [0.2, 0.1, 0.9, 0.7]
    _, tokens = class_0_logits(one_class_maps(columns.expand(16, 16)), box, (7, 7))
    centers = 0.2 + 0.7 * (torch.arange(7) + 0.5) / 7
    torch.testing.assert_close(tokens, centers.expand(7, 7), atol=1e-5, rtol=0)


def test_transposed_boxes_give_the_released_codes_targets():
    generator = torch.Generator().manual_seed(0)
    maps = top_classes(torch.randn(4, 1000, 18, 18, generator=generator), 5).float()
    corners = torch.rand(4, 2, generator=generator) * 0.4
    boxes = torch.cat([corners, corners + 0.2 + 0.4 * torch.rand(4, 2, generator=generator)], 1)
    dense = torch.zeros(4, 1000, 18, 18).scatter_(1, maps[:, 1].long(), maps[:, 0])
    left, top, right, bottom = boxes.T
    rois = torch.stack([torch.arange(4.0), *(x * 18 - 0.5 for x in (top, left, bottom, right))], 1)
    found = token_targets(maps, boxes, 1000, (14, 14), smoothing=0, transpose_boxes=True)
    for size, labels in zip((1, 14), found, strict=True):
        wanted = roi_align(dense, rois, (size, size)).softmax(1)
        torch.testing.assert_close(labels.reshape(wanted.shape), wanted, atol=1e-6, rtol=1e-5)


def test_smoothing_spreads_its_share_evenly_and_labels_sum_to_1():
    maps = top_classes(torch.randn(2, 10, 6, 6, generator=torch.Generator().manual_seed(0)), 3)
    boxes = torch.tensor([WHOLE, [0.1, 0.3, 0.5, 0.8]])
    sharp = token_targets(maps.float(), boxes, 10, (3, 3), smoothing=0)
    smooth = token_targets(maps.float(), boxes, 10, (3, 3), smoothing=0.1)
    for before, after in zip(sharp, smooth, strict=True):
        torch.testing.assert_close(after, 0.9 * before + 0.01)
        torch.testing.assert_close(after.sum(1), torch.ones_like(after.sum(1)))


def test_a_class_beyond_num_classes_is_refused():
    label_map = torch.tensor([[1.0, 2.0], [0, 1000]]).reshape(1, 2, 2, 1, 1)
    with pytest.raises(ValueError, match='0 to 1000, but num_classes is 1000'):
        token_targets(label_map, torch.tensor([WHOLE]), 1000, (1, 1))
