"""The video net, and the forms of Tables 10 to 12 for images and clips."""

import pytest
import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from mmuniformer.layers import DividedBlock, GlobalBlock, LocalBlock, MobileBlock
from mmuniformer.models import UniFormer, UniFormer3D

TINY = {'depths': (1, 1, 2, 1), 'dims': (8, 16, 32, 48), 'head_dim': 8}


def stages(letters: str) -> list[str]:
    return [{'L': 'local', 'G': 'global'}[letter] for letter in letters]


# Of the small net: fields, parameters in millions of the image classifier, multiply-adds in
# billions of the video net. Depths and strides of the last four are not printed; these fit.
TABLE_10 = {
    'LLGG': ({}, 21.5, 41.8),
    'no FFN': ({'local_ffn': False}, 21.3, 41.0),
    'no DPE': ({'dpe': False}, 21.5, 41.4),
    'size 3': ({'local_kernel': 3}, 21.5, 41.0),
    'size 7': ({'local_kernel': 7}, 21.6, 43.5),
    'size 9': ({'local_kernel': 9}, 21.6, 46.6),
    'LLLL': ({'stage_types': stages('LLLL'), 'depths': (3, 5, 10, 4)}, 23.3, 31.6),
    'LLLG': ({'stage_types': stages('LLLG'), 'depths': (3, 5, 10, 3)}, 22.2, 31.6),
    'LGGG': (
        {'stage_types': stages('LGGG'), 'depths': (2, 4, 8, 3), 'kv_strides': (1, 2, 2, 1)},
        *(21.6, 39.0),
    ),
    'GGGG': (
        {'stage_types': stages('GGGG'), 'depths': (5, 5, 9, 2), 'kv_strides': (4, 2, 2, 1)},
        *(20.1, 72.0),
    ),
}


def clip(frames: int = 8, height: int = 32, width: int = 64, batch: int = 2) -> Tensor:
    torch.manual_seed(0)
    return torch.randn(batch, 3, frames, height, width)


def seeded(cls: type[UniFormer] = UniFormer3D, **options) -> UniFormer:
    torch.manual_seed(1)
    return cls(**{**options, 'arch': {**TINY, **options.get('arch', {})}})


def giga_flops(net: nn.Module, *shape: int) -> float:
    counter = FlopCounterMode(display=False)
    # The fused kernel for the CPU has no formula in torch; the plain one is two products.
    with torch.no_grad(), sdpa_kernel(SDPBackend.MATH), counter:
        net.eval()(torch.empty(1, 3, *shape, device='meta'))
    return counter.get_total_flops() / 2e9  # torch counts a multiply-add as two


@pytest.mark.parametrize('row', TABLE_10)
def test_the_rows_of_table_10_have_the_published_parameters_and_flops(row):
    fields, million_parameters, published = TABLE_10[row]
    with torch.device('meta'):
        image = UniFormer(arch=fields, out_indices=3, out_norm='batch')
        video = UniFormer3D(arch=fields)
    parameters = sum(p.numel() for p in image.parameters()) + 513 * 1000  # with the classifier
    assert round(parameters / 1e6, 1) == million_parameters
    assert giga_flops(video, 16, 224, 224) == pytest.approx(published, rel=0.02)
    if row == 'LLGG':
        assert giga_flops(image, 224, 224) == pytest.approx(3.6, rel=0.02)  # Table 1


@pytest.mark.parametrize(
    ('types', 'attention', 'published'),
    [('LLLL', 'joint', 26.1), ('LLGG', 'divided', 36.8), ('LLGG', 'joint', 41.8)],
)
def test_the_rows_of_table_11_have_the_published_flops(types, attention, published):
    with torch.device('meta'):
        net = UniFormer3D(arch={'stage_types': stages(types)}, attention=attention)
    assert giga_flops(net, 16, 224, 224) == pytest.approx(published, rel=0.005)


def test_filters_of_table_12_are_as_long_as_they_say():
    # Downsampling, then DPE and the local affinity of a local block, or the DPE of a global one.
    for arch, lengths in (
        ({}, [3, 3, 5, 1, 3, 5, 1, 3, 3, 1, 3]),
        ({'inflated': []}, [3, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]),
        ({'inflated': ['dpe', 'local', 'downsample']}, [3, 3, 5, 3, 3, 5, 3, 3, 3, 3, 3]),
    ):
        convolutions = [m for m in seeded(arch=arch).modules() if isinstance(m, nn.Conv3d)]
        assert [m.kernel_size[0] for m in convolutions if m.kernel_size[1] > 1] == lengths


@pytest.mark.parametrize('stem', ['patch', 'conv'])
def test_the_first_downsampling_alone_halves_time(stem):
    net = seeded(arch={'stem': stem}, out_indices=(0, 1, 2, 3), out_norm='layer').eval()
    assert tuple(out.shape[2] for out in net(clip())) == (4, 4, 4, 4)


def test_2d_filters_and_divided_attention_without_time_keep_frames_apart():
    net = seeded(attention='divided', arch={'inflated': []}).eval()
    for name, parameter in net.named_parameters():
        if 't_attn.proj' in name:
            nn.init.zeros_(parameter)
    x = clip()
    y = x.clone()
    y[:, :, -1] += 1  # the stem's filter around frame 6 sees it, and no other
    moved = (net(x) - net(y)).abs().amax((0, 1, 3, 4))
    assert moved[3] > 1e-3 and moved[:3].max() == 0


def test_time_attention_lets_every_frame_see_every_other():
    net = seeded(attention='divided', arch={'inflated': []}).eval()
    for name, parameter in net.named_parameters():
        if 't_attn.proj.weight' in name:
            nn.init.normal_(parameter)
    x = clip()
    y = x.clone()
    y[:, :, -1] += 1
    assert (net(x) - net(y)).abs().amax((0, 1, 3, 4)).min() > 1e-4


@pytest.mark.parametrize('cls', [UniFormer, UniFormer3D])
@pytest.mark.parametrize('types', ['LLLL', 'LLLG', 'LLGG', 'LGGG', 'GGGG', 'GLGL'])
def test_stages_are_of_the_types_given_in_any_mix(cls, types):
    net = seeded(cls, arch={'stage_types': stages(types)})
    for index, letter in enumerate(types):
        for block in net.stage(index)[1]:
            assert type(block) is {'L': LocalBlock, 'G': GlobalBlock}[letter]


def test_without_ffn_local_stages_are_mobile_blocks_and_global_ones_as_before():
    net = seeded(arch={'local_ffn': False}, attention='divided')
    types = [{type(block) for block in net.stage(index)[1]} for index in range(4)]
    assert types == [{MobileBlock}, {MobileBlock}, {DividedBlock}, {DividedBlock}]


def test_attention_along_time_is_all_that_divided_nets_have_more():
    joint, divided = seeded(), seeded(attention='divided')
    more = divided.state_dict().keys() - joint.state_dict().keys()
    assert {name.split('.')[2] for name in more} == {'t_norm', 't_attn'}
    assert len(more) == 3 * 6 and not joint.state_dict().keys() - divided.state_dict().keys()
    assert divided.get_layer_depth('blocks3.1.t_attn.qkv.weight') == (4, 7)


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        ({'attention': 'global'}, r"attention 'global' is none of \('joint', 'divided'\)"),
        (
            {'attention': 'divided', 'arch': {'stage_types': stages('LLLL')}},
            "'divided' needs global stages.*use attention='joint'",
        ),
        (
            {'attention': 'divided', 'arch': {'layer_scale': 0.1}},
            'no layer scale, and arch gives stage 3 one',
        ),
        (
            {'attention': 'divided', 'arch': {'kv_strides': (1, 1, 2, 1)}},
            'no kv_strides, and arch gives stage 3 one',
        ),
        ({'arch': {'kv_strides': (2, 1)}}, 'kv_strides needs 4 entries'),
        ({'arch': {'inflated': ['mlp']}}, r"\['mlp'\] are none of \('dpe', 'local', 'downsam"),
        ({'arch': {'local_kernel': 4}}, 'local_kernel 4 is not an odd number above 0'),
        ({'arch': {'kv_strides': (2, 1, 1, 1)}}, 'give a local stage a stride'),
        ({'arch': {'kv_strides': (1, 1, 0, 1)}}, 'kv_strides must be positive'),
        (
            {'arch': {'stage_types': stages('GGGG'), 'local_kernel': 7}},
            'local_ffn and local_kernel have no effect',
        ),
    ],
)
def test_a_form_that_does_not_exist_is_refused_with_what_is_allowed(options, message):
    with pytest.raises(ValueError, match=message):
        seeded(**options)


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        ({'arch': {'inflated': []}}, 'UniFormer has no time; leave out arch inflated'),
        (
            {'attention': 'window', 'arch': {'stage_types': stages('LLLG')}},
            "'window' needs a global stage 3.*use attention='global'",
        ),
        (
            {'attention': 'hybrid', 'arch': {'kv_strides': (1, 1, 2, 1)}},
            'without kv_strides; got',
        ),
    ],
)
def test_what_means_nothing_to_an_image_net_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        seeded(UniFormer, **options)


@pytest.mark.parametrize(
    ('field', 'value', 'message'),
    [
        ('dpe', 1, 'dpe is True or False, got 1'),
        ('local_ffn', 'no', "local_ffn is True or False, got 'no'"),
        ('kv_strides', (1, 1, 1.5, 1), 'kv_strides are whole numbers'),
        ('inflated', 'dpe', "inflated is a sequence with some of \\('dpe', 'local'"),
    ],
)
def test_fields_of_the_wrong_type_are_refused(field, value, message):
    with pytest.raises(TypeError, match=message):
        seeded(arch={field: value})
