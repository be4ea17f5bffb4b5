"""Every config of configs/pose with UniFormer: it builds, trains, predicts; its name is true."""

import re

import numpy as np
import pytest
import torch

from configs import CONFIGS, build, check_pattern, check_size, check_step, configs_of, load, stem

pytest.importorskip('mmpose')

POSE = [path for path in configs_of('pose') if 'uniformer_' in path.stem]
NAME = re.compile(
    r'(?P<mini>mini_(finetune_)?)?(?P<method>td_hm|rtmpose)_uniformer_(?P<size>s|b)'
    r'(_(?P<pattern>[wh]\d+))?_(?P<height>\d+)x(?P<width>\d+)'
)
HEADS = {'td_hm': 'HeatmapHead', 'rtmpose': 'RTMCCHead'}
# drop path, batch of 8 GPUs, learning rate
PUBLISHED = {
    's_256x192': (0.2, 1024, 2e-3),
    's_384x288': (0.2, 1024, 2e-3),
    's_448x320': (0.2, 512, 1e-3),
    'b_256x192': (0.4, 1024, 2e-3),
    'b_384x288': (0.5, 256, 5e-4),
    'b_448x320': (0.55, 256, 5e-4),
}


def inputs_for(config, model: torch.nn.Module, batch: int = 2) -> dict:
    from mmpose.testing import get_packed_inputs

    width, height = config.codec.input_size
    data = get_packed_inputs(
        batch_size=batch,
        num_keypoints=config.model.head.out_channels,
        img_shape=(height, width),
        input_size=(width, height),
        heatmap_size=config.codec.get('heatmap_size', (48, 64)),
    )
    return model.data_preprocessor(data, True)


@pytest.mark.parametrize('path', POSE, ids=stem)
def test_every_part_of_a_model_gets_a_finite_gradient(path):
    torch.manual_seed(0)
    config = load(path)
    model = build(config, drop_path_rate=0.0).train()
    check_step(model, inputs_for(config, model))


@pytest.mark.parametrize('path', POSE, ids=stem)
def test_a_heatmap_is_the_mean_over_the_image_and_its_mirror_image(path):
    from mmpose.models.utils.tta import flip_heatmaps, flip_vectors

    torch.manual_seed(0)
    config = load(path)
    assert config.model.test_cfg.flip_test
    model = build(config).eval()
    data = inputs_for(config, model, batch=1)
    flip = data['data_samples'][0].metainfo['flip_indices']
    with torch.no_grad():
        found = [sample.pred_instances for sample in model(**data, mode='predict')]
        straight = model.head(model.extract_feat(data['inputs']))
        mirrored = model.head(model.extract_feat(data['inputs'].flip(-1)))
    if config.model.head.type == 'HeatmapHead':
        assert config.model.test_cfg.shift_heatmap
        mirrored = flip_heatmaps(mirrored, flip_indices=flip, shift_heatmap=True)
        mean = (straight + mirrored) / 2
        peaks = mean.flatten(2).amax(2)
    else:
        mirrored = flip_vectors(*mirrored, flip_indices=flip)
        x, y = ((a + b) / 2 for a, b in zip(straight, mirrored, strict=True))
        peaks = torch.minimum(x.amax(2), y.amax(2))
    for sample, peak in zip(found, peaks, strict=True):
        assert sample.keypoints.shape == (1, config.model.head.out_channels, 2)
        assert np.allclose(sample.keypoint_scores[0], peak, atol=1e-6)


@pytest.mark.parametrize('path', POSE, ids=stem)
def test_the_name_of_a_config_tells_the_truth(path):
    name = NAME.fullmatch(path.stem)
    assert name, f'{path.stem} does not follow METHOD_uniformer_SIZE_PATTERN_HEIGHTxWIDTH'
    config = load(path)
    check_size(config, name['size'], bool(name['mini']))
    check_pattern(config.model.backbone, name['pattern'] or 'g')
    assert config.model.head.type == HEADS[name['method']]
    width, height = int(name['width']), int(name['height'])
    assert tuple(config.codec.input_size) == (width, height)
    assert config.model.head.decoder == config.codec
    assert config.dataset_type == 'CocoDataset'  # MMPoseInferencer reads it there
    for loader in (config.train_dataloader, config.val_dataloader, config.test_dataloader):
        (crop,) = [step for step in loader.dataset.pipeline if step.type == 'TopdownAffine']
        assert tuple(crop.input_size) == (width, height)
    (target,) = [s for s in config.train_dataloader.dataset.pipeline if s.type == 'GenerateTarget']
    assert target.encoder == config.codec
    if name['method'] == 'td_hm' and not name['mini']:
        assert tuple(config.codec.heatmap_size) == (width // 4, height // 4)
        assert config.codec.sigma == (2 if height == 256 else 3)


@pytest.mark.parametrize('model', PUBLISHED)
def test_the_six_models_train_as_published(model):
    config = load(CONFIGS / 'pose' / f'td_hm_uniformer_{model}.py')
    drop_path, batch, rate = PUBLISHED[model]
    assert config.model.backbone.drop_path_rate == drop_path
    assert config.auto_scale_lr.base_batch_size == batch
    optimizer = config.optim_wrapper.optimizer
    assert (optimizer.type, optimizer.lr, optimizer.weight_decay) == ('AdamW', rate, 0.01)
    assert config.optim_wrapper.get('paramwise_cfg') is None
    warmup, steps = config.param_scheduler
    assert (warmup.start_factor, warmup.end) == (0.001, 500)
    assert (steps.milestones, steps.gamma) == ([170, 200], 0.1)
    assert config.train_cfg.max_epochs == 210
    assert config.val_dataloader.dataset.bbox_file.endswith('AP_H_56_person.json')


def test_windows_of_384x288_have_the_settings_of_global_attention():
    nets = {
        pattern: load(CONFIGS / 'pose' / f'td_hm_uniformer_s_{pattern}384x288.py')
        for pattern in ('', 'w14_', 'h14_')
    }
    for config in nets.values():
        config.model.backbone.pop('attention')
        config.model.backbone.pop('window_size', None)
        config.pop('work_dir', None)
    assert nets['']._cfg_dict == nets['w14_']._cfg_dict == nets['h14_']._cfg_dict
