"""Reading videos and frames for mmaction2: PyAV if decord fails, and damage that stops no run."""

import importlib.util
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np
import pytest
from mmengine.dataset import Compose
from mmengine.registry import DefaultScope

import mmuniformer  # noqa: F401
from mmuniformer.engine.reliability import FallbackVideoReader, UnreadableError

pytest.importorskip('mmaction')
FRAMES, SIZE = 24, (128, 96)
needs_av = pytest.mark.skipif(importlib.util.find_spec('av') is None, reason='PyAV is missing')
PACK = [dict(type='FormatShape', input_format='NCTHW'), dict(type='PackActionInputs')]
READ = [
    dict(type='OpenVideo'),
    dict(type='SampleFrames', clip_len=4, frame_interval=5, test_mode=True),
    dict(type='DecordDecode'),
]


@pytest.fixture(autouse=True)
def scope():
    with DefaultScope.overwrite_default_scope('mmaction'):
        yield


def write(path: Path) -> Path:
    """Write a video whose frames are gray, each 10 levels lighter than the last."""
    path.parent.mkdir(parents=True, exist_ok=True)
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*'mp4v'), 25, SIZE)
    for number in range(FRAMES):
        writer.write(np.full((*SIZE[::-1], 3), 10 * number, np.uint8))
    writer.release()
    return path


@contextmanager
def ordinary_priority() -> Iterator[None]:
    """Run as root, the encoder of AV1 makes the whole process a real-time one, and its children."""
    policy, parameters = os.sched_getscheduler(0), os.sched_getparam(0)
    try:
        yield
    finally:
        os.sched_setscheduler(0, policy, parameters)


def write_with_av(path: Path, codec: str) -> Path:
    import av

    options = {'movflags': '+faststart'}
    with ordinary_priority(), av.open(str(path), 'w', options=options) as container:
        stream = container.add_stream(codec, rate=25)
        stream.width, stream.height, stream.pix_fmt = *SIZE, 'yuv420p'
        for number in range(FRAMES):
            image = np.full((*SIZE[::-1], 3), 10 * number, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format='rgb24')))
        container.mux(stream.encode())
    return path


def read(path: Path) -> dict:
    from mmaction.registry import TRANSFORMS

    steps = Compose([TRANSFORMS.build(step) for step in READ])
    return steps(dict(filename=str(path), start_index=0, modality='RGB'))


def levels(result: dict) -> list[float]:
    return [image.mean() for image in result['imgs']]


@pytest.fixture
def without_decord(monkeypatch):
    monkeypatch.setitem(sys.modules, 'decord', None)


def test_a_whole_video_is_read_by_decord(tmp_path):
    from mmaction.registry import TRANSFORMS

    path = write(tmp_path / 'a.mp4')
    result = read(path)
    stock = Compose([TRANSFORMS.build(s) for s in [dict(type='DecordInit'), *READ[1:]]])
    theirs = stock(dict(filename=str(path), start_index=0, modality='RGB'))
    assert np.array_equal(result['imgs'], theirs['imgs'])
    assert result['total_frames'] == theirs['total_frames'] == FRAMES
    assert result['avg_fps'] == theirs['avg_fps'] == 25


@needs_av
def test_pyav_reads_the_same_frames_where_there_is_no_decord(tmp_path, without_decord):
    result = read(write(tmp_path / 'a.mp4'))
    assert (result['total_frames'], result['avg_fps']) == (FRAMES, 25)
    assert levels(result) == pytest.approx([10 * n for n in result['frame_inds']], abs=6)


@needs_av
def test_pyav_reads_a_codec_that_decord_does_not_have(tmp_path):
    import av

    if 'libsvtav1' not in av.codecs_available:
        pytest.skip('this PyAV writes no AV1')
    path = write_with_av(tmp_path / 'a.mp4', 'libsvtav1')
    decord = pytest.importorskip('decord')
    with pytest.raises(decord.DECORDError):
        decord.VideoReader(str(path))
    result = read(path)
    assert result['total_frames'] == FRAMES
    assert levels(result) == pytest.approx([10 * n for n in result['frame_inds']], abs=6)


@needs_av
def test_a_video_that_breaks_off_is_as_long_as_its_whole_frames(tmp_path):
    path = write_with_av(tmp_path / 'a.mp4', 'mpeg4')
    path.write_bytes(path.read_bytes()[: int(0.7 * path.stat().st_size)])
    result = read(path)
    assert 10 < result['total_frames'] < FRAMES
    assert levels(result) == pytest.approx([10 * n for n in result['frame_inds']], abs=6)


@needs_av
@pytest.mark.parametrize(
    ('name', 'codec'),
    [('a.ts', 'mpeg2video'), ('a.mpg', 'mpeg2video'), ('a.wmv', 'wmv2'), ('b.ts', 'mpeg4')],
)
def test_formats_in_which_decord_loses_its_place_are_read_in_order(name, codec, tmp_path):
    path = write_with_av(tmp_path / name, codec)
    reader = FallbackVideoReader(path.name, path.read_bytes())
    for indices in ([0], [20], [3], [17, 5, 11]):
        found = reader.get_batch(indices).asnumpy().mean((1, 2, 3))
        assert found == pytest.approx([10 * index for index in indices], abs=6)


@needs_av
def test_a_header_of_more_frames_than_the_file_has_does_not_end_the_process(tmp_path):
    path = write(tmp_path / 'a.mp4')
    content = bytearray(path.read_bytes())
    content[content.index(b'stsz') + 9] = 9  # every frame has 589,824 bytes: one is left
    path.write_bytes(content)
    result = read(path)
    assert result['total_frames'] == 1
    assert levels(result) == pytest.approx([0] * 4, abs=6)


@needs_av
def test_frames_beyond_the_last_one_are_the_last_one(tmp_path, without_decord):
    path = write(tmp_path / 'a.mp4')
    reader = FallbackVideoReader(path.name, path.read_bytes())
    frames = reader.get_batch(np.array([3, 99, 23])).asnumpy()
    assert frames.mean((1, 2, 3)) == pytest.approx([30, 230, 230], abs=6)


@pytest.mark.parametrize('content', [b'', b'not a video' * 100])
def test_a_damaged_video_is_an_error_with_the_name_of_the_file(tmp_path, content):
    path = tmp_path / 'broken.mp4'
    path.write_bytes(content)
    with pytest.raises(UnreadableError, match=rf'broken\.mp4, {len(content)} bytes, cannot be'):
        read(path)
    with pytest.raises(FileNotFoundError, match=r'gone\.mp4'):
        read(tmp_path / 'gone.mp4')


def test_without_either_library_it_says_what_to_install(tmp_path, without_decord, monkeypatch):
    monkeypatch.setitem(sys.modules, 'av', None)
    with pytest.raises(ImportError, match='pip install decord av'):
        read(write(tmp_path / 'a.mp4'))


def dataset(dataset_type: str, **options):
    from mmaction.registry import DATASETS

    return DATASETS.build(dict(type=dataset_type, pipeline=[*READ, *PACK], **options))


@pytest.mark.parametrize('dataset_type', ['LenientVideoDataset', 'LenientRepeatAugDataset'])
def test_in_training_another_video_takes_the_place_of_a_damaged_one(
    tmp_path, mm_warnings, dataset_type
):
    write(tmp_path / 'whole.mp4')
    (tmp_path / 'broken.mp4').write_bytes(b'no video')
    (tmp_path / 'list.txt').write_text('broken.mp4 0\nwhole.mp4 3\n')
    data = dataset(
        dataset_type, ann_file=str(tmp_path / 'list.txt'), data_prefix=dict(video=str(tmp_path))
    )
    np.random.seed(0)
    found = data[0]
    for sample in found if isinstance(found, list) else [found]:
        assert sample['data_samples'].gt_label == 3
    assert f'{tmp_path}/broken.mp4, 8 bytes, cannot be read' in mm_warnings.text
    assert 'another one is taken' in mm_warnings.text


def test_in_testing_a_damaged_video_counts_as_black_frames(tmp_path, mm_warnings):
    write(tmp_path / 'whole.mp4')
    (tmp_path / 'broken.mp4').write_bytes(b'no video')
    (tmp_path / 'list.txt').write_text('broken.mp4 0\nwhole.mp4 3\n')
    data = dataset(
        'LenientVideoDataset', ann_file=str(tmp_path / 'list.txt'), test_mode=True,
        data_prefix=dict(video=str(tmp_path)),
    )  # fmt: skip
    samples = [data[0], data[1]]
    assert [sample['data_samples'].gt_label for sample in samples] == [0, 3]
    assert samples[0]['inputs'].shape == (1, 3, 4, 224, 224) and not samples[0]['inputs'].any()
    assert samples[1]['inputs'].float().mean() > 20
    assert 'black frames take its place' in mm_warnings.text and 'broken.mp4' in mm_warnings.text


def test_a_missing_video_ends_the_run(tmp_path):
    (tmp_path / 'list.txt').write_text('gone.mp4 0\n')
    data = dataset(
        'LenientVideoDataset', ann_file=str(tmp_path / 'list.txt'),
        data_prefix=dict(video=str(tmp_path)),
    )  # fmt: skip
    with pytest.raises(FileNotFoundError, match=r'gone\.mp4'):
        data[0]


def frames_dataset(folder: Path, test_mode: bool):
    for name in ('whole', 'broken'):
        (folder / name).mkdir()
        for number in range(1, 25):
            cv2.imwrite(f'{folder}/{name}/img_{number:05}.jpg', np.full((96, 128, 3), 99, np.uint8))
    (folder / 'list.txt').write_text('broken 24 0\nwhole 24 3\n')
    from mmaction.registry import DATASETS

    return DATASETS.build(
        dict(
            type='LenientRawframeDataset', ann_file=str(folder / 'list.txt'),
            data_prefix=dict(img=str(folder)), test_mode=test_mode,
            pipeline=[READ[1], dict(type='ReadFrames'), *PACK],
        )
    )  # fmt: skip


@pytest.mark.parametrize('damage', ['missing', 'empty', 'no image'])
def test_a_damaged_frame_is_handled_as_a_damaged_video(tmp_path, mm_warnings, damage):
    (tmp_path / 'train').mkdir()
    (tmp_path / 'test').mkdir()
    training, testing = (frames_dataset(tmp_path / n, n == 'test') for n in ('train', 'test'))
    for name in ('train', 'test'):
        for path in (tmp_path / name / 'broken').iterdir():
            path.unlink()
            if damage != 'missing':
                path.write_bytes(b'' if damage == 'empty' else b'no image')
    np.random.seed(0)
    assert training[0]['data_samples'].gt_label == 3
    black, whole = testing[0], testing[1]
    assert black['data_samples'].gt_label == 0 and not black['inputs'].any()
    assert whole['inputs'].float().mean() == pytest.approx(99, abs=1)
    assert f'{tmp_path}/test/broken cannot be read' in mm_warnings.text


def test_a_missing_folder_of_frames_ends_the_run(tmp_path):
    data = frames_dataset(tmp_path, test_mode=True)
    (tmp_path / 'broken').rename(tmp_path / 'elsewhere')
    with pytest.raises(FileNotFoundError, match='broken is no folder'):
        data[0]
