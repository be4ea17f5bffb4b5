"""Damaged files in data sets of all five toolboxes: another sample in training, or an error."""

import json
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from mmengine.registry import DATASETS, DefaultScope
from mmengine.utils import import_modules_from_strings
from videos import write_video

import mmuniformer  # noqa: F401
from mmuniformer.engine import LoadOrSkip, UnreadableError

SIZE = (64, 48)


def make_image() -> np.ndarray:
    return np.random.RandomState(0).randint(0, 256, (*SIZE[::-1], 3)).astype(np.uint8)


def encoded(suffix: str) -> bytes:
    return cv2.imencode(suffix, make_image())[1].tobytes()


def video(folder: Path) -> bytes:
    path = write_video(folder / 'source.mp4', [make_image()] * 8)
    content = path.read_bytes()
    path.unlink()
    return content


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    'empty': lambda content: b'',
    'text': lambda content: b'<html>not found</html>',
    'cut': lambda content: content[: int(0.7 * len(content))],
}


def classes(folder: Path, good: str, bad: str) -> dict:
    return dict(type='CustomDataset', data_root=str(folder), with_label=False)


def coco(folder: Path, good: str, bad: str) -> dict:
    box = dict(bbox=[4, 4, 30, 30], area=900, iscrowd=0, category_id=1)
    pose = dict(keypoints=[10, 10, 2] * 17, num_keypoints=17)
    person = dict(id=1, name='person', keypoints=['nose'] * 17, skeleton=[])
    content = dict(
        images=[
            dict(id=i, file_name=name, width=SIZE[0], height=SIZE[1])
            for i, name in enumerate((bad, good))
        ],
        annotations=[dict(id=i, image_id=i, **box, **pose) for i in range(2)],
        categories=[person],
    )
    (folder / 'coco.json').write_text(json.dumps(content))
    options = dict(type='CocoDataset', ann_file='coco.json', data_root=str(folder))
    return dict(options, data_prefix=dict(img=''))


def masks(folder: Path, good: str, bad: str) -> dict:
    masks_folder = folder.with_name('masks')
    masks_folder.mkdir(exist_ok=True)
    suffix = Path(good).suffix
    for name in (good, bad):
        cv2.imwrite(str(masks_folder / Path(name).with_suffix('.png').name), make_image()[..., 0])
    prefix = dict(img_path=str(folder), seg_map_path=str(masks_folder))
    options = dict(data_prefix=prefix, img_suffix=suffix)
    return dict(options, type='BaseSegDataset', metainfo=dict(classes=('a',)))


def clips(folder: Path, good: str, bad: str) -> dict:
    (folder / 'list.txt').write_text(f'{bad} 0\n{good} 1\n')
    options = dict(type='VideoDataset', ann_file=str(folder / 'list.txt'))
    return dict(options, data_prefix=dict(video=str(folder)))


IMAGE = [dict(type='LoadImageFromFile')]
FRAMES = [
    dict(type='SampleFrames', clip_len=2, frame_interval=1),
    dict(type='DecordDecode'),
]
SETS = {
    'mmpretrain': (classes, IMAGE),
    'mmdet': (coco, IMAGE),
    'mmseg': (masks, [*IMAGE, dict(type='LoadAnnotations')]),
    'mmpose': (coco, [dict(type='LoadImage')]),
    'mmaction': (clips, [dict(type='DecordInit'), *FRAMES]),
}
CASES = [
    *((box, suffix, damage) for box in SETS if box != 'mmaction' for suffix in ('.jpg', '.png')
      for damage in DAMAGES),
    *(('mmaction', '.mp4', damage) for damage in DAMAGES),
]  # fmt: skip
by_case = pytest.mark.parametrize(('box', 'suffix', 'damage'), CASES)


@pytest.fixture
def make(tmp_path):
    """Build a data set of one damaged file, the first, and a whole one."""

    def build(box: str, suffix: str, damage: str, on_error: str, **options):
        pytest.importorskip(box)
        import_modules_from_strings([f'{box}.datasets'])
        folder = tmp_path / 'data'
        folder.mkdir()
        whole = video(folder) if suffix == '.mp4' else encoded(suffix)
        good, bad = f'b_whole{suffix}', f'a_damaged{suffix}'
        (folder / good).write_bytes(whole)
        (folder / bad).write_bytes(DAMAGES[damage](whole))
        write, loading = SETS[box]
        step = dict(type='mmuniformer.LoadOrSkip', transforms=loading, on_error=on_error)
        with DefaultScope.overwrite_default_scope(box):
            config = dict(write(folder, good, bad), pipeline=[step], **options)
            return DATASETS.build(config), str(folder / bad)

    return build


@by_case
def test_in_training_another_sample_takes_its_place(box, suffix, damage, make, mm_warnings):
    dataset, bad = make(box, suffix, damage, 'skip')
    assert len(dataset) == 2
    np.random.seed(0)
    for _ in range(3):
        sample = dataset[0]
        path = sample['filename' if box == 'mmaction' else 'img_path']
        assert path.endswith(f'b_whole{suffix}')
    found = [record.message for record in mm_warnings.records if bad in record.message]
    assert len(found) == 1 and found[0].endswith('; skipped')


@by_case
def test_or_the_run_stops_with_its_name(box, suffix, damage, make):
    dataset, bad = make(box, suffix, damage, 'raise')
    with pytest.raises(UnreadableError) as caught:
        dataset[0]
    assert bad in str(caught.value) and 'cannot be read' in str(caught.value)
    sample = dataset[1]
    shown = sample['imgs'][0] if box == 'mmaction' else sample['img']
    assert shown.shape == (*SIZE[::-1], 3) and shown.std() > 20


@pytest.mark.parametrize('box', SETS)
def test_in_testing_a_skipped_sample_stops_the_run(box, make, mm_warnings):
    suffix = '.mp4' if box == 'mmaction' else '.jpg'
    dataset, bad = make(box, suffix, 'text', 'skip', test_mode=True)
    with pytest.raises(Exception, match='should not get `None`'):
        dataset[0]
    assert bad in mm_warnings.text


@pytest.mark.parametrize('box', SETS)
@pytest.mark.parametrize('on_error', ['skip', 'raise'])
def test_a_missing_file_stops_the_run(box, on_error, make):
    dataset, bad = make(box, '.mp4' if box == 'mmaction' else '.jpg', 'text', on_error)
    Path(bad).unlink()
    with pytest.raises(FileNotFoundError, match='a_damaged'):
        dataset[0]


def test_a_damaged_mask_is_named_with_its_image(make):
    dataset, _ = make('mmseg', '.jpg', 'text', 'raise')
    mask = Path(dataset.get_data_info(1)['seg_map_path'])
    whole = mask.read_bytes()
    mask.write_bytes(b'no mask')
    with pytest.raises(UnreadableError, match=r'b_whole\.jpg with .*b_whole\.png .*LoadAnnot'):
        dataset[1]
    mask.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(UnreadableError, match=r'b_whole\.png'):
        dataset[1]
    mask.write_bytes(whole)
    assert np.array_equal(dataset[1]['gt_seg_map'], make_image()[..., 0])


def test_a_data_set_without_any_whole_file_stops(make, tmp_path):
    dataset, _ = make('mmpretrain', '.jpg', 'text', 'skip', max_refetch=5)
    (tmp_path / 'data' / 'b_whole.jpg').write_bytes(b'')
    with pytest.raises(Exception, match='Cannot find valid image after 5'):
        dataset[0]


@pytest.mark.parametrize('suffix', ['.jpg', '.png', '.bmp'])
def test_a_complete_image_with_data_after_its_end_is_read(suffix, tmp_path):
    path = tmp_path / f'a{suffix}'
    path.write_bytes(encoded(suffix) + b'\0\0\nappended')
    load = LoadOrSkip([dict(type='LoadImageFromFile')], on_error='raise')
    assert load({'img_path': str(path)})['img'].shape == (*SIZE[::-1], 3)


def test_what_to_do_is_one_of_two():
    with pytest.raises(ValueError, match="on_error 'ignore' is none of skip, raise"):
        LoadOrSkip([], on_error='ignore')
