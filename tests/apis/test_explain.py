"""Explanations of particular nets: the ablation of Fig. 8, divided attention, UniFormerV2."""

import cv2
import numpy as np
import pytest

from mmuniformer import visualization
from mmuniformer.apis import compare_cams, explain
from mmuniformer.apis.configs import load_config
from mmuniformer.apis.explanation.inputs import read_input
from mmuniformer.apis.media import write_image, write_video
from mmuniformer.apis.model import build_model, load_model

pytest.importorskip('pytorch_grad_cam')

NARROW = {'dims': (16, 32, 80, 128), 'head_dim': 16}
NARROW_V2 = {'depth': 4, 'dim': 32, 'head_dim': 8, 'image_size': 64, 'global_head_dim': 8}
ABLATION = {
    'cls': ('uniformer_s_abl_llll_in1k', 'uniformer_s_in1k', 'uniformer_s_abl_gggg_in1k'),
    'video': (
        'uniformer_s_abl_llll_16x4_k400_50e',
        'uniformer_s_16x4_k400_50e',
        'uniformer_s_abl_gggg_16x4_k400_50e',
    ),
}
COLD = cv2.applyColorMap(np.uint8([[0]]), cv2.COLORMAP_TURBO)[0, 0]
SIZE = (64, 64)


def narrow(config):
    """Its widths are a quarter; depths, types of blocks and strides are the config's."""
    backbone = config.model.backbone
    arch = {'depths': (3, 4, 8, 3)} if backbone.arch == 'small' else dict(backbone.arch)
    backbone.update(arch={**arch, **NARROW}, init_cfg=None)
    config.model['head' if 'head' in config.model else 'cls_head'].in_channels = 128
    return config


def save(config, folder, name, spread=None):
    """Return the files of config and checkpoint.

    ``spread``: standard deviation of all weights, where those that start at 0 would hide a part.
    """
    import torch

    torch.manual_seed(0)
    model = build_model(config)
    if spread:
        for parameter in model.parameters():
            torch.nn.init.normal_(parameter, std=spread)
    config.dump(folder / f'{name}.py')
    torch.save({'state_dict': model.state_dict()}, folder / f'{name}.pth')
    return folder / f'{name}.py', folder / f'{name}.pth'


def draw(method, net, path, **options):
    return explain(*net, path, method, size=SIZE, **options).frames


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp('visualize')
    noise = np.random.RandomState(0).randint(0, 255, (70, 102, 3)).astype(np.uint8)
    write_image(folder / 'image.png', noise)
    write_video(
        folder / 'clip.mp4', [np.roll(noise[:64, :64], number, 1) for number in range(20)], 8
    )
    return folder


@pytest.fixture(scope='module')
def nets(folder):
    """Narrow nets of the repository's configs, each made when it is first asked for."""
    made = {}

    def get(name, change=narrow, spread=None):
        if name not in made:
            config = change(load_config(name))
            made[name] = save(config, folder, name, spread)
        return made[name]

    return get


@pytest.mark.parametrize(('task', 'file'), [('cls', 'image.png'), ('video', 'clip.mp4')])
def test_panels_of_the_ablation_differ_and_are_the_cams_of_each_net(task, file, folder, nets):
    pytest.importorskip({'cls': 'mmpretrain', 'video': 'mmaction'}[task])
    pairs = [nets(name) for name in ABLATION[task]]
    names = ['LLLL', 'LLGG', 'GGGG']
    compared = compare_cams(pairs, folder / file, names=names, size=SIZE, stage=3).frames
    alone = [draw('cam', pair, folder / file, stage=3) for pair in pairs]
    width = 102 if task == 'cls' else 64
    assert len(compared) == len(alone[0]) == (1 if task == 'cls' else 16)
    for number, frame in enumerate(compared):
        panels = [frame[22:, left : left + width] for left in range(0, 4 * (width + 6), width + 6)]
        for panel, own in zip(panels[1:], alone, strict=True):
            assert np.array_equal(panel, own[number])
        for one, other in ((0, 1), (1, 2), (1, 3), (2, 3)):
            assert np.abs(panels[one].astype(int) - panels[other]).mean() > 1


@pytest.mark.parametrize('axis', ['space', 'time'])
def test_divided_attention_is_hot_in_one_frame_or_at_one_position(axis, folder, nets):
    pytest.importorskip('mmaction')
    net = nets('uniformer_s_abl_divided_16x4_k400')
    # A pixel of the position in row 1, column 2 of 4×4, in the third of eight steps of time.
    options = {'query': (35, 20), 'frame': 5, 'axis': axis, 'strength': 1}
    frames = np.stack(draw('attention', net, folder / 'clip.mp4', **options))
    hot = (frames != COLD).any(-1)
    assert hot.shape == (16, 64, 64)
    if axis == 'space':
        assert np.flatnonzero(hot.any((1, 2))).tolist() == [4, 5]
    else:
        assert hot.any((1, 2)).all()
        rows, columns = np.nonzero(hot.any(0))
        # One position of 16 pixels, blended with its neighbours up to their middles.
        assert rows.min() >= 8 and rows.max() < 40
        assert columns.min() >= 24 and columns.max() < 56


def mini_v2(config):
    config.model.backbone.update(arch=NARROW_V2)
    config.model.cls_head.in_channels = 32
    return config


def pose_v2(config):
    config.model.backbone.update(arch=NARROW_V2, out_indices=(3,), init_cfg=None)
    config.model.head.update(in_channels=32, deconv_out_channels=(16, 16))
    return config


V2 = {
    'clip.mp4': ('mini_uniformerv2_b16_16_motion', mini_v2, 0.2),
    'image.png': ('td_hm_uniformerv2_b16_256x192', pose_v2, 0.2),
}


def heat_over(frames, weights):
    """Weights of fewer frames, stretched as a whole, over the frames of the input."""
    weights = weights.mean(0).numpy()
    weights = (weights - weights.min()) / (weights.max() - weights.min())
    weights = weights.reshape(-1, *weights.shape[-2:])
    return [
        visualization.overlay(frame, weights[number * len(weights) // len(frames)])
        for number, frame in enumerate(frames)
    ]


@pytest.mark.parametrize('file', V2)
def test_attention_of_uniformerv2_is_drawn_where_it_is(file, folder, nets):
    pytest.importorskip({'clip.mp4': 'mmaction', 'image.png': 'mmpose'}[file])
    net = nets(*V2[file])
    model = load_model(*net)
    given = read_input(folder / file, load_config(net[0]), model, SIZE)
    is_clip = file == 'clip.mp4'
    x, backbone = given.tensor, model.backbone
    default = (
        visualization.clip_attention_map(backbone, x, 3)
        if is_clip
        else visualization.patch_attention_map(backbone, x, 4, (2, 2))
    )
    by_class = visualization.class_attention_map(backbone, x, 2, 4 if is_clip else 0)
    for options, weights in (({}, default), ({'layer': 2, 'class_token': True}, by_class)):
        drawn = draw('attention', net, folder / file, **options)
        expected = heat_over(given.frames, weights)
        if not is_clip and not options:
            expected = [visualization.draw_box(expected[0], (51, 35, 76.5, 52.5))]
        assert np.array_equal(np.stack(drawn), np.stack(expected))


@pytest.mark.parametrize('file', V2)
def test_cams_and_maps_of_uniformerv2_are_of_its_layers(file, folder, nets):
    pytest.importorskip({'clip.mp4': 'mmaction', 'image.png': 'mmpose'}[file])
    words = nets(*V2[file]), folder / file
    last, first = draw('cam', *words), draw('cam', *words, stage=1)
    assert len(last) == len(first) == (16 if file == 'clip.mp4' else 1)
    assert np.array_equal(last, draw('cam', *words, stage=4))
    assert np.abs(np.stack(last).astype(int) - np.stack(first)).mean() > 1
    four, two = draw('features', *words), draw('features', *words, layers=[4, 2])
    height, width = last[0].shape[:2]
    assert four[0].shape == (22 + height, 5 * width + 4 * 6, 3)
    assert two[0].shape == (22 + height, 3 * width + 2 * 6, 3)
    step = width + 6
    for here, there in ((1, 2), (2, 4)):  # panels of layers 2 and 4
        one, other = (
            sheet[0][22:, n * step : n * step + width] for sheet, n in ((two, here), (four, there))
        )
        assert np.array_equal(one, other)


@pytest.mark.parametrize(
    ('method', 'net', 'options', 'message'),
    [
        ('attention', 'v2', {'query': (3, 4)}, 'whose query is the clip; give a layer'),
        ('attention', 'v2', {'class_token': True}, 'class_token is not for a global UniBlock'),
        ('attention', 'v2', {'block': 4}, 'no global UniBlock 4'),
        ('attention', 'v2', {'layer': 5}, 'no layer 5'),
        ('attention', 'v2', {'layer': 1, 'stage': 3}, 'stage is not for a layer'),
        ('attention', 'v2', {'layer': 1, 'axis': 'time'}, 'axis is not for a layer'),
        ('attention', 'v2', {'layer': 1, 'class_token': True, 'query': (1, 1)}, 'one of them'),
        ('attention', 'divided', {'layer': 1}, 'layer is not for a net of stages'),
        ('attention', 'joint', {'axis': 'time'}, 'this block attends once'),
        ('features', 'joint', {'layers': [1]}, 'layers is for UniFormerV2'),
        ('features', 'v2', {'layers': [7]}, 'no layer 7'),
        ('cam', 'v2', {'stage': 5}, 'no layer 5'),
    ],
)
def test_options_of_other_nets_are_refused(method, net, options, message, folder, nets):
    pytest.importorskip('mmaction')
    pair = {
        'v2': lambda: nets(*V2['clip.mp4']),
        'divided': lambda: nets('uniformer_s_abl_divided_16x4_k400'),
        'joint': lambda: nets('uniformer_s_16x4_k400_50e'),
    }[net]()
    with pytest.raises(ValueError, match=message):
        draw(method, pair, folder / 'clip.mp4', **options)


@pytest.mark.parametrize('swaps', [False, True])
def test_frames_have_the_order_of_channels_that_the_preprocessor_makes(swaps, folder, nets):
    """Loaders of mmaction2 give red first; its preprocessor swaps, if it does, the other way."""
    pytest.importorskip('mmaction')
    net = nets(*V2['clip.mp4'])
    model = load_model(*net)
    model.data_preprocessor.to_rgb = swaps
    given = read_input(folder / 'clip.mp4', load_config(net[0]), model, SIZE)
    x = (
        given.tensor[0, :, 3] * model.data_preprocessor.std[:, 0]
        + model.data_preprocessor.mean[:, 0]
    )
    frame = given.frames[3] if swaps else given.frames[3][..., ::-1]
    np.testing.assert_allclose(x.numpy(), frame.transpose(2, 0, 1), atol=1e-3)


def test_an_unknown_method_is_refused():
    with pytest.raises(ValueError, match="method 'affinity' is none of .'cam', 'attention'"):
        explain('mini_uniformer_s_in1k', 'random', 'image.png', 'affinity')
