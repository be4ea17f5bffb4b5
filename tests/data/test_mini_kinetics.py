"""The mini set kinetics: the class of a clip is the direction of motion."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.random import RandomState

from mmuniformer.data.mini import kinetics

COUNTS = {'train': 8, 'val': 4}
OPPOSITES = (('left', 'right'), ('up', 'down'))


@pytest.fixture(scope='module')
def written(tmp_path_factory) -> tuple[Path, list[Path]]:
    out = tmp_path_factory.mktemp('mini')
    return out, list(kinetics.make(out, seed=0, size=64, **COUNTS))


def frames_of(out: Path, line: str) -> np.ndarray:
    folder = out / 'rawframes_train' / line.split()[0]
    return np.stack([cv2.imread(str(path)) for path in sorted(folder.iterdir())])


def lines_of(out: Path, form: str, split: str) -> list[str]:
    return (out / kinetics.LISTS[form].format(split)).read_text().splitlines()


def test_the_first_frame_does_not_depend_on_the_class():
    for seed in range(5):
        first = [next(kinetics.draw_clip(RandomState(seed), c, 64)) for c in kinetics.CLASSES]
        assert all(np.array_equal(first[0], other) for other in first[1:])


@pytest.mark.parametrize(('one', 'other'), OPPOSITES)
def test_the_clip_of_the_opposite_class_is_the_reversed_clip(one, other):
    path, back = (np.array(kinetics.path_of(label, 0.8)) for label in (one, other))
    assert np.abs(path).sum(axis=0).max() > 0
    assert tuple(path[0]) == (0, 0) and np.abs(path[-1]).max() == pytest.approx(0.8)
    assert np.allclose(path[-1] + back, path[::-1], atol=1e-12)


def test_shapes_wrap_around_the_borders():
    cover = kinetics.shapes.coverage('circle', (64, 64), (32, 32), 8, 0.0, 1.0)
    for x, y in ((0.0, 0.25), (1.0, 0.75), (-0.25, 1.5)):
        shift = [round(64 * (y - 0.5)), round(64 * (x - 0.5))]
        moved = kinetics._moved(cover, x, y)
        assert np.allclose(moved, np.roll(cover, shift, axis=(0, 1)), atol=1e-6)


@pytest.mark.parametrize(
    ('label', 'axis', 'way'),
    [('right', 2, 1), ('left', 2, -1), ('down', 1, 1), ('up', 1, -1)],
)
def test_shapes_move_in_the_direction_of_the_class(label, axis, way):
    for seed in range(6):
        clip = np.stack(list(kinetics.draw_clip(RandomState(seed), label, 64))).astype(float)
        here, there = clip[0], clip[3]
        errors = {
            (a, w * pixels): np.abs(np.roll(here, w * pixels, axis=a - 1) - there).mean()
            for a in (1, 2) for w in (1, -1) for pixels in range(4, 11)
        }  # fmt: skip
        best_axis, best_shift = min(errors, key=errors.get)
        assert (best_axis, np.sign(best_shift)) == (axis, way)


def test_shapes_are_bright_and_the_background_is_dark():
    for seed in range(20):
        first = next(kinetics.draw_clip(RandomState(seed), 'left', 64)).mean(axis=2)
        assert 0.03 < (first > 110).mean() < 0.6


def test_lists_name_every_clip_its_frames_and_its_class(written):
    out, files = written
    assert (out / kinetics.LABELS).read_text().split() == list(kinetics.CLASSES)
    for split, count in COUNTS.items():
        videos = [line.split() for line in lines_of(out, 'videos', split)]
        frames = [line.split() for line in lines_of(out, 'rawframes', split)]
        assert len(videos) == len(frames) == count
        for (video, label), (folder, total, same) in zip(videos, frames, strict=True):
            assert video == f'{folder}.mp4' and label == same
            assert kinetics.CLASSES[int(label)] == folder.split('/')[0]
            assert len(list((out / f'rawframes_{split}' / folder).iterdir())) == int(total) == 24
            assert (out / f'videos_{split}' / video).is_file()
    assert len(files) == len(set(files)) == 25 * 12 + 5


def test_videos_and_frames_are_the_same(written):
    out, _ = written
    for line in lines_of(out, 'rawframes', 'train'):
        frames = frames_of(out, line)
        video = cv2.VideoCapture(str(out / 'videos_train' / f'{line.split()[0]}.mp4'))
        decoded = np.stack([video.read()[1] for _ in range(24)])
        assert not video.read()[0]
        assert np.abs(decoded.astype(float) - frames).mean() < 8


def test_a_set_is_checked_clip_by_clip(tmp_path):
    list(kinetics.make(tmp_path, seed=0, size=64, train=4, val=1))
    assert kinetics.check(tmp_path) == 'train 4 clips; val 1 clips; 24 frames, 4 classes'
    (tmp_path / 'videos_train' / 'left' / '000002.mp4').unlink()
    with pytest.raises(ValueError, match='draw the set again'):
        kinetics.check(tmp_path)
    (tmp_path / kinetics.LABELS).write_text('cats\ndogs\n')
    with pytest.raises(ValueError, match='draw the set again'):
        kinetics.check(tmp_path)


def test_mmaction2_reads_videos_and_frames_alike(written):
    datasets = pytest.importorskip('mmaction.datasets')
    from mmaction.registry import TRANSFORMS
    from mmengine.dataset import Compose
    from mmengine.registry import init_default_scope

    init_default_scope('mmaction')
    out, _ = written
    sample = dict(type='SampleFrames', clip_len=24, test_mode=True)
    steps = {
        'videos': [dict(type='DecordInit'), sample, dict(type='DecordDecode')],
        'rawframes': [sample, dict(type='RawFrameDecode')],
    }
    classes = {'videos': datasets.VideoDataset, 'rawframes': datasets.RawframeDataset}
    prefix = {'videos': 'video', 'rawframes': 'img'}
    clips = {}
    for form, dataset in classes.items():
        data = dataset(
            ann_file=str(out / kinetics.LISTS[form].format('val')),
            data_prefix={prefix[form]: str(out / f'{form}_val')},
            pipeline=[],
            test_mode=True,
        )
        read = Compose([TRANSFORMS.build(step) for step in steps[form]])
        clips[form] = [read(data.get_data_info(index)) for index in range(4)]
        assert [clip['label'] for clip in clips[form]] == [0, 1, 2, 3]
    for one, other in zip(clips['videos'], clips['rawframes'], strict=True):
        difference = np.float32(one['imgs']) - np.float32(other['imgs'])
        assert np.abs(difference).mean() < 8
