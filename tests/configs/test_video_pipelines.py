"""The pipelines of configs/video on files: sampling, augmentation, damage, colors, display."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from mmengine.dataset import Compose

from configs import CONFIGS, build, load

pytest.importorskip('mmaction')

CLIPS = Path(__file__).resolve().parents[3] / 'shared' / 'data' / 'videos'
# A config of every data set; the released models of some were trained with blue first.
DATA = {
    'k400': 'uniformer_s_16x4_k400',
    'k600': 'uniformer_s_16x4_k600',
    'ucf101': 'uniformer_s_16x4_ucf101',
    'ssv1': 'uniformer_s_16_ssv1_k400_pre',
    'ssv2': 'uniformer_s_16_ssv2_k400_pre',
    'hmdb51': 'uniformer_s_16x4_hmdb51',
}
BLUE_FIRST = ('ssv1', 'ssv2', 'hmdb51')
DENSE, SPARSE, LIGHT = DATA['k400'], DATA['ssv2'], 'uniformer_xxs_4_128_k400'


def config_of(name: str):
    return load(CONFIGS / 'video' / f'{name}.py')


def compose(steps: list) -> Compose:
    from mmaction.registry import TRANSFORMS

    return Compose([TRANSFORMS.build(step) for step in steps])


def write(path: Path, frames: int, height: int = 96, width: int = 128, step: int = 2) -> None:
    """Write a video whose frames are gray, each by ``step`` levels lighter than the last."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*'mp4v'), 25, (width, height))
    for number in range(frames):
        writer.write(np.full((height, width, 3), step * number, np.uint8))
    writer.release()


def read(name: str, path: Path) -> torch.Tensor:
    info = dict(filename=str(path), label=0, start_index=0, modality='RGB')
    return compose(config_of(name).test_pipeline)(info)['inputs']


def test_frames_of_dense_clips_are_the_published_ones_whatever_the_rate_of_the_video():
    for name, frames, stride in (('8x8', 8, 8), ('16x4', 16, 4), ('32x4', 32, 4)):
        config = config_of(f'uniformer_s_{name}_k400')
        sample = compose(config.test_pipeline[1:3])
        span = frames * stride
        for total, rate in ((300, 30.0), (250, 25.0), (157, 14.98), (span, 60.0)):
            info = dict(total_frames=total, start_index=0, avg_fps=rate)
            found = sample(info)['frame_inds'].reshape(4, frames)
            room = max(total - span, 0)
            for clip in range(4):
                start = clip * (room // 3)
                published = np.linspace(start, start + span - 1, frames).clip(0, total - 1)
                assert found[clip].tolist() == published.astype(int).tolist()


def test_frames_of_sparse_clips_are_the_published_ones():
    sample = compose(config_of(DATA['ssv1']).test_pipeline[:1])
    for total in (1, 7, 16, 40, 117):
        found = sample(dict(total_frames=total, start_index=1))['frame_inds']
        segment = (total - 1) / 16
        published = [round(segment * i) + int(segment / 2) + 1 for i in range(16)]
        assert found.tolist() == published


@pytest.mark.parametrize('data', DATA)
def test_channels_reach_the_net_in_the_published_order_and_scale(data):
    model = build(config_of(DATA[data]), arch=dict(depths=(1, 1, 1, 1)))
    clip = torch.zeros(1, 3, 4, 32, 32, dtype=torch.uint8)
    clip[:, 0] = 255  # loaders give red first
    seen = model.data_preprocessor(dict(inputs=[clip], data_samples=[None]), False)
    means = seen['inputs'].mean(dim=(0, 1, 3, 4, 5))
    red = [(1 - 0.45) / 0.225, -2.0, -2.0]
    expected = torch.tensor(red[::-1] if data in BLUE_FIRST else red)
    assert torch.allclose(means, expected, atol=1e-5)


def test_two_samples_of_a_video_are_of_the_same_frames_and_augmented_apart(tmp_path):
    from mmaction.registry import DATASETS

    write(tmp_path / 'a.mp4', 100)
    (tmp_path / 'list.txt').write_text('a.mp4 7\n')
    config = config_of(DENSE)
    config.train_dataloader.dataset.update(
        ann_file=str(tmp_path / 'list.txt'), data_prefix=dict(video=str(tmp_path))
    )
    pipeline = config.train_dataloader.dataset.pipeline
    full = DATASETS.build(config.train_dataloader.dataset)
    np.random.seed(0)
    torch.manual_seed(0)
    one, other = full[0]
    assert one['inputs'].shape == other['inputs'].shape == (1, 3, 16, 224, 224)
    assert not torch.equal(one['inputs'], other['inputs'])
    assert one['data_samples'].gt_label == other['data_samples'].gt_label == 7
    # Without what changes colors the two show the same gray levels, one per frame.
    plain = ('RandomApply', 'RandomErasing')
    config.train_dataloader.dataset.pipeline = [s for s in pipeline if s.type not in plain]
    one, other = DATASETS.build(config.train_dataloader.dataset)[0]
    levels = [clip['inputs'].float().mean(dim=(0, 1, 3, 4)) for clip in (one, other)]
    assert torch.allclose(levels[0], levels[1], atol=1.5)
    assert torch.allclose(levels[0].diff(), torch.tensor(2 * 63 / 15), atol=4)


def test_a_video_of_a_single_frame_is_that_frame_all_along(tmp_path):
    write(tmp_path / 'a.mp4', 1)
    for name, views in ((DENSE, 4), (SPARSE, 3)):
        clips = read(name, tmp_path / 'a.mp4')
        assert clips.shape == (views, 3, 16, 224, 224)
        assert torch.equal(clips, clips[:1, :, :1].expand_as(clips))


def test_a_video_that_is_too_short_stands_still_at_its_end(tmp_path):
    write(tmp_path / 'a.mp4', 20, step=12)
    clips = read(DENSE, tmp_path / 'a.mp4')
    levels = clips.float().mean(dim=(1, 3, 4))
    # 0, 4, 8, 12, 16 are in the video; the four clips begin with its first frame.
    expected = torch.tensor([0, 4, 8, 12, 16, *[16] * 11]) * 12.0
    assert torch.allclose(levels, expected.expand(4, 16), atol=12)


@pytest.mark.parametrize(('height', 'width'), [(61, 47), (47, 61), (64, 300), (640, 96)])
def test_images_of_any_size_are_cropped_to_the_side_of_the_model(tmp_path, height, width):
    write(tmp_path / 'a.mp4', 12, height, width)
    assert read(DENSE, tmp_path / 'a.mp4').shape == (4, 3, 16, 224, 224)
    assert read(SPARSE, tmp_path / 'a.mp4').shape == (3, 3, 16, 224, 224)
    assert read(LIGHT, tmp_path / 'a.mp4').shape == (1, 3, 4, 128, 128)


def test_a_damaged_video_is_an_error_with_its_name_unless_a_data_set_reads_it(tmp_path):
    from mmuniformer.engine import UnreadableError

    write(tmp_path / 'whole.mp4', 12)
    whole = (tmp_path / 'whole.mp4').read_bytes()
    for content in (b'', b'not a video' * 100, whole[: len(whole) // 2]):
        (tmp_path / 'a.mp4').write_bytes(content)
        with pytest.raises(UnreadableError, match=rf'a\.mp4, {len(content)} bytes, cannot be read'):
            read(DENSE, tmp_path / 'a.mp4')
    with pytest.raises(FileNotFoundError, match=r'gone\.mp4'):
        read(DENSE, tmp_path / 'gone.mp4')


@pytest.mark.parametrize('name', [DENSE, SPARSE, LIGHT])
def test_damaged_videos_stop_neither_training_nor_testing(tmp_path, name):
    from mmaction.registry import DATASETS

    write(tmp_path / 'whole.mp4', 20)
    (tmp_path / 'broken.mp4').write_bytes(b'not a video')
    (tmp_path / 'list.txt').write_text('broken.mp4 0\nwhole.mp4 7\n')
    config, files = config_of(name), dict(ann_file=str(tmp_path / 'list.txt'))
    labels = {}
    for loader in ('train_dataloader', 'val_dataloader', 'test_dataloader'):
        dataset = {**config[loader].dataset, **files, 'data_prefix': dict(video=str(tmp_path))}
        data = DATASETS.build(dataset)
        samples = [data[index] for index in range(2)]
        samples = [sample[0] if isinstance(sample, list) else sample for sample in samples]
        labels[loader] = [sample['data_samples'].gt_label.item() for sample in samples]
    assert labels == {
        'train_dataloader': [7, 7], 'val_dataloader': [0, 7], 'test_dataloader': [0, 7],
    }  # fmt: skip


@pytest.mark.skipif(not CLIPS.is_dir(), reason='the real clips are not beside this checkout')
def test_an_inferencer_writes_a_video_with_the_names_of_classes(tmp_path):
    from mmaction.apis import MMAction2Inferencer

    from mmuniformer.weights.class_names import class_names

    names = class_names('kinetics400')
    (tmp_path / 'names.txt').write_text('\n'.join(names))
    torch.manual_seed(0)
    inferencer = MMAction2Inferencer(
        rec=str(CONFIGS / 'video' / f'{LIGHT}.py'),
        label_file=str(tmp_path / 'names.txt'),
        device='cpu',
    )
    clips = sorted(CLIPS.glob('*.mp4'))
    assert clips
    for clip in clips:
        out = tmp_path / clip.stem
        result = inferencer(str(clip), vid_out_dir=str(out), out_type='video')
        (scores,) = result['predictions'][0]['rec_scores']
        assert len(scores) == 400 and np.isfinite(scores).all()
        assert result['predictions'][0]['rec_labels'] == [[int(np.argmax(scores))]]
        (video,) = out.rglob('*.mp4')
        capture = cv2.VideoCapture(str(video))
        assert capture.get(cv2.CAP_PROP_FRAME_COUNT) > 0 and capture.read()[1].std() > 10
