"""tools/visualize.py on nets of its own kind: the ablation of Fig. 8, divided attention, V2."""

from itertools import chain

import cv2
import numpy as np
import pytest
from mmengine.config import Config
from tool_modules import load_tool

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
SIZE = ('--size', '64', '64')


def narrow(config):
    """Its widths are a quarter; depths, kinds of blocks and strides are the config's."""
    backbone = config.model.backbone
    arch = {'depths': (3, 4, 8, 3)} if backbone.arch == 'small' else dict(backbone.arch)
    backbone.update(arch={**arch, **NARROW}, init_cfg=None)
    config.model['head' if 'head' in config.model else 'cls_head'].in_channels = 128
    return config


def save(config, folder, name, spread=None):
    """Config and checkpoint as command line arguments.

    ``spread``: standard deviation of all weights, where those that start at 0 would hide a part.
    """
    import torch
    from mmengine.registry import MODELS, DefaultScope

    import mmuniformer  # noqa: F401

    torch.manual_seed(0)
    with DefaultScope.overwrite_default_scope(config.default_scope):
        model = MODELS.build(config.model)
    if spread:
        for parameter in model.parameters():
            torch.nn.init.normal_(parameter, std=spread)
    config.dump(folder / f'{name}.py')
    torch.save({'state_dict': model.state_dict()}, folder / f'{name}.pth')
    return [str(folder / f'{name}.py'), str(folder / f'{name}.pth')]


@pytest.fixture(scope='module')
def draw():
    """The frames that a command draws, before MPEG-4 takes some of them away."""
    tool = load_tool('visualize')

    def run(*words):
        parser, args = tool.parse_args([str(word) for word in words])
        tool.check_args(parser, args)
        return tool.COMMANDS[args.command](args)[1]

    return run


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp('visualize')
    noise = np.random.RandomState(0).randint(0, 255, (70, 102, 3)).astype(np.uint8)
    cv2.imwrite(str(folder / 'picture.png'), noise)
    writer = cv2.VideoWriter(str(folder / 'clip.mp4'), cv2.VideoWriter_fourcc(*'mp4v'), 8, (64, 64))
    for number in range(20):
        writer.write(np.roll(noise[:64, :64], number, 1))
    writer.release()
    return folder


@pytest.fixture(scope='module')
def nets(folder, repo_root):
    """Narrow nets of the repository's configs, each made when it is first asked for."""
    made = {}

    def get(name, change=narrow, spread=None):
        if name not in made:
            config = change(Config.fromfile(repo_root / 'configs' / f'{name}.py'))
            made[name] = save(config, folder, name.replace('/', '_'), spread)
        return made[name]

    return get


@pytest.mark.parametrize(('task', 'file'), [('cls', 'picture.png'), ('video', 'clip.mp4')])
def test_panels_of_the_ablation_differ_and_are_the_cams_of_each_net(task, file, draw, folder, nets):
    pytest.importorskip({'cls': 'mmpretrain', 'video': 'mmaction'}[task])
    pairs = [nets(f'{task}/{name}') for name in ABLATION[task]]
    options = [folder / file, *SIZE, '--stage', '3']
    compared = draw('compare', *chain(*pairs), *options, '--names', 'LLLL', 'LLGG', 'GGGG')
    alone = [draw('cam', *pair, *options) for pair in pairs]
    width = 102 if task == 'cls' else 64
    assert len(compared) == len(alone[0]) == (1 if task == 'cls' else 16)
    for number, frame in enumerate(compared):
        panels = [frame[22:, left : left + width] for left in range(0, 4 * (width + 6), width + 6)]
        for panel, own in zip(panels[1:], alone, strict=True):
            assert np.array_equal(panel, own[number])
        for one, other in ((0, 1), (1, 2), (1, 3), (2, 3)):
            assert np.abs(panels[one].astype(int) - panels[other]).mean() > 1


@pytest.mark.parametrize('axis', ['space', 'time'])
def test_divided_attention_is_hot_in_one_frame_or_at_one_position(axis, draw, folder, nets):
    pytest.importorskip('mmaction')
    words = [*nets('video/uniformer_s_abl_divided_16x4_k400'), folder / 'clip.mp4', *SIZE]
    # A pixel of the position in row 1, column 2 of 4×4, in the third of eight steps of time.
    words += ['--query', '35', '20', '--frame', '5', '--axis', axis, '--strength', '1']
    frames = np.stack(draw('attention', *words))
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
    'clip.mp4': ('video/mini_uniformerv2_b16_16_motion', mini_v2, 0.2),
    'picture.png': ('pose/td_hm_uniformerv2_b16_256x192', pose_v2, 0.2),
}


def heat_over(frames, weights):
    """Weights of fewer frames, stretched as a whole, over the frames of the input."""
    overlay = load_tool('visualizing.commands').overlay
    weights = weights.mean(0).numpy()
    weights = (weights - weights.min()) / (weights.max() - weights.min())
    weights = weights.reshape(-1, *weights.shape[-2:])
    return [
        overlay(frame, weights[number * len(weights) // len(frames)])
        for number, frame in enumerate(frames)
    ]


@pytest.mark.parametrize('file', V2)
def test_attention_of_uniformerv2_is_drawn_where_it_is(file, draw, folder, nets):
    pytest.importorskip({'clip.mp4': 'mmaction', 'picture.png': 'mmpose'}[file])
    from mmuniformer import visualization

    net = nets(*V2[file])
    config, model = load_tool('exporting.nets').load(*net)
    read = load_tool('visualizing.inputs').read_input
    given = read(folder / file, config, model, (64, 64))
    is_clip = file == 'clip.mp4'
    x, backbone = given.tensor, model.backbone
    default = (
        visualization.clip_attention_map(backbone, x, 3)
        if is_clip
        else visualization.patch_attention_map(backbone, x, 4, (2, 2))
    )
    by_class = visualization.class_attention_map(backbone, x, 2, 4 if is_clip else 0)
    for words, weights in (((), default), (('--layer', '2', '--class-token'), by_class)):
        drawn = draw('attention', *net, folder / file, *SIZE, *words)
        expected = heat_over(given.frames, weights)
        if not is_clip and not words:
            expected = [load_tool('visualizing.commands').mark(expected[0], (51, 35, 76.5, 52.5))]
        assert np.array_equal(np.stack(drawn), np.stack(expected))


@pytest.mark.parametrize('file', V2)
def test_cams_and_maps_of_uniformerv2_are_of_its_layers(file, draw, folder, nets):
    pytest.importorskip({'clip.mp4': 'mmaction', 'picture.png': 'mmpose'}[file])
    words = [*nets(*V2[file]), folder / file, *SIZE]
    last, first = draw('cam', *words), draw('cam', *words, '--stage', '1')
    assert len(last) == len(first) == (16 if file == 'clip.mp4' else 1)
    assert np.array_equal(last, draw('cam', *words, '--stage', '4'))
    assert np.abs(np.stack(last).astype(int) - np.stack(first)).mean() > 1
    four, two = draw('features', *words), draw('features', *words, '--layers', '4', '2')
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
    ('command', 'net', 'words', 'message'),
    [
        ('attention', 'v2', ['--query', '3', '4'], 'whose query is the clip; give --layer'),
        ('attention', 'v2', ['--class-token'], '--class-token is not for a global UniBlock'),
        ('attention', 'v2', ['--block', '4'], 'no global UniBlock 4'),
        ('attention', 'v2', ['--layer', '5'], 'no layer 5'),
        ('attention', 'v2', ['--layer', '1', '--stage', '3'], '--stage is not for a layer'),
        ('attention', 'v2', ['--layer', '1', '--axis', 'time'], '--axis is not for a layer'),
        ('attention', 'v2', ['--layer', '1', '--class-token', '--query', '1', '1'], 'one of them'),
        ('attention', 'divided', ['--layer', '1'], '--layer is not for a net of stages'),
        ('attention', 'joint', ['--axis', 'time'], 'this block attends once'),
        ('features', 'joint', ['--layers', '1'], '--layers is for UniFormerV2'),
        ('features', 'v2', ['--layers', '7'], 'no layer 7'),
        ('cam', 'v2', ['--stage', '5'], 'no layer 5'),
    ],
)
def test_options_of_other_nets_are_refused(command, net, words, message, draw, folder, nets):
    pytest.importorskip('mmaction')
    pair = {
        'v2': lambda: nets(*V2['clip.mp4']),
        'divided': lambda: nets('video/uniformer_s_abl_divided_16x4_k400'),
        'joint': lambda: nets('video/uniformer_s_16x4_k400_50e'),
    }[net]()
    with pytest.raises(ValueError, match=message):
        draw(command, *pair, folder / 'clip.mp4', *SIZE, *words)


@pytest.mark.parametrize('swaps', [False, True])
def test_frames_have_the_order_of_channels_that_the_preprocessor_makes(swaps, folder, nets):
    """Loaders of mmaction2 give red first; its preprocessor swaps, if it does, the other way."""
    pytest.importorskip('mmaction')
    tools = load_tool('exporting.nets'), load_tool('visualizing.inputs')
    config, model = tools[0].load(*nets(*V2['clip.mp4']))
    model.data_preprocessor.to_rgb = swaps
    given = tools[1].read_input(folder / 'clip.mp4', config, model, (64, 64))
    x = (
        given.tensor[0, :, 3] * model.data_preprocessor.std[:, 0]
        + model.data_preprocessor.mean[:, 0]
    )
    frame = given.frames[3] if swaps else given.frames[3][..., ::-1]
    np.testing.assert_allclose(x.numpy(), frame.transpose(2, 0, 1), atol=1e-3)
