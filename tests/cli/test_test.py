"""``mmuniformer test --show-dir`` draws all predictions of every toolbox into that folder."""

import cv2
import numpy as np
import pytest
from untrained import save_untrained

from mmuniformer.apis.configs import load_config
from mmuniformer.apis.media import VideoReader, read_image, write_video
from mmuniformer.cli.test import main
from mmuniformer.data.mini import make_mini_set

for toolbox in ('mmpretrain', 'mmdet', 'mmseg', 'mmpose', 'mmaction'):
    pytest.importorskip(toolbox)

ORANGE = (40, 120, 220)  # BGR; every image and frame is of this color
OPACITY = 0.8  # of the classes that mmseg draws


@pytest.fixture
def show(tmp_path, monkeypatch):
    """Test an untrained model on two orange images or videos of a mini set; return the drawings."""
    monkeypatch.chdir(tmp_path)

    def run(config: str, data: str, images: str) -> dict[str, np.ndarray]:
        make_mini_set(data, train=1, val=2, size=64)
        for path in tmp_path.glob(f'data/mini/{data}/{images}'):
            if path.suffix == '.mp4':
                write_video(path, np.tile(np.uint8(ORANGE), (24, 64, 64, 1)), 12)
            else:
                orange = np.full_like(cv2.imread(str(path)), ORANGE)
                cv2.imwrite(str(path), orange, [cv2.IMWRITE_JPEG_QUALITY, 100])
        save_untrained(config, tmp_path / 'untrained.pth')
        settings = ['num_workers=0', 'persistent_workers=False']
        options = [f'test_dataloader.{setting}' for setting in settings]
        main([config, 'untrained.pth', '--show-dir', 'drawn', '--cfg-options', *options])
        assert not [*tmp_path.glob('work_dirs/**/*.png')]
        return {
            path.name: read_image(path) if path.suffix == '.png' else next(iter(VideoReader(path)))
            for path in (tmp_path / 'drawn').rglob('*.*')
        }

    return run


@pytest.mark.parametrize(
    ('config', 'data', 'images', 'names'),
    [
        (
            'mini_uniformer_s_in1k', 'imagenet', 'val/*/*.jpg',
            {'circle_00000001.png', 'cross_00000002.png'},
        ),
        (
            'mini_mask_rcnn_uniformer_s_h14', 'coco', 'val2017/*.jpg',
            {'000000000002.png', '000000000003.png'},
        ),
        (
            'mini_td_hm_uniformer_s_128x96', 'coco_keypoints', 'val2017/*.jpg',
            # One for each person.
            {f'00000000000{name}.png' for name in ('2', '2_2', '3')},
        ),
        (
            'mini_uniformer_s_16_motion', 'kinetics', 'videos_val/*/*.mp4',
            {'000001.mp4', '000002.mp4'},
        ),
    ],
)  # fmt: skip
def test_all_predictions_are_drawn_on_images_with_their_colors(show, config, data, images, names):
    drawn = show(config, data, images)
    assert set(drawn) == names
    for image in drawn.values():
        assert np.abs(np.median(image, axis=(0, 1)) - ORANGE).max() <= 6  # videos lose some
        assert (np.abs(image - np.median(image, axis=(0, 1))) > 60).any()  # what was drawn


def test_classes_of_pixels_are_drawn_with_the_colors_of_the_data_set(show):
    config = 'mini_fpn_uniformer_s_h14'
    drawn = show(config, 'ade20k', 'images/validation/*.jpg')
    assert set(drawn) == {'ADE_val_00000001.png', 'ADE_val_00000002.png'}
    sky = load_config(config).test_dataloader.dataset.metainfo.palette[0][::-1]
    wanted = OPACITY * np.array(sky) + (1 - OPACITY) * np.array(ORANGE)
    for image in drawn.values():  # the annotation is on the left of the prediction
        assert np.abs(image[1, 1] - wanted).max() <= 3


def test_drawing_in_several_processes_is_refused(tmp_path):
    words = ['mini_uniformer_s_in1k', 'a.pth', '--launcher', 'pytorch', '--show-dir', 'drawn']
    with pytest.raises(ValueError, match='--show-dir draws in one process; omit --launcher'):
        main([*words, '--work-dir', str(tmp_path)])
