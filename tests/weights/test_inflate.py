"""What inflated weights answer to a clip of equal frames: exactly the image's answer, and where.

Zero padding in time is what makes a difference: of the center's weights none touches it.
"""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmuniformer.models import UniFormer, UniFormer3D
from mmuniformer.weights import inflate, load_backbone

TINY = {'depths': (1, 1, 1, 1), 'dims': (16, 16, 32, 32), 'head_dim': 16}
LOCAL, GLOBAL = ['local'] * 4, ['global'] * 4


def image(size: int = 32) -> Tensor:
    torch.manual_seed(0)
    return torch.randn(1, 3, size, size).double()


def image_and_video_net(tmp_path, how: str, arch: dict, video: dict, **options):
    """An image net with arbitrary weights, and a video net that has them inflated."""
    flat = UniFormer(arch={**TINY, **arch}, out_indices=3, out_norm='batch').double().eval()
    torch.manual_seed(1)
    for name, tensor in flat.state_dict().items():
        if tensor.is_floating_point():
            # Large weights: what passes from frame to frame must be far above rounding.
            nn.init.normal_(tensor, *((1, 0.2) if name.endswith('var') else (0, 0.5)))
    path = tmp_path / 'image.pth'
    torch.save(flat.state_dict(), path)
    deep = UniFormer3D(arch={**TINY, **arch, **video}, **options).double().eval()
    load_backbone(deep, path, inflation=how)
    return flat, deep


@torch.no_grad()
def equal_frames(flat: UniFormer, deep: UniFormer3D, frames: int) -> list[int]:
    """The frames of the video net's answer to a still clip that are the image net's answer."""
    x = image()
    answer = deep(x.unsqueeze(2).repeat(1, 1, frames, 1, 1))  # (1, C, T / 2, H / 32, W / 32)
    wanted = flat(x).unsqueeze(2)
    errors = (answer - wanted).abs().amax((0, 1, 3, 4)) / wanted.std()
    return [frame for frame, error in enumerate(errors.tolist()) if error < 1e-12]


@pytest.mark.parametrize('length', [1, 3, 5])
def test_average_spreads_the_weight_evenly_and_center_puts_it_in_the_middle(length):
    weight = torch.randn(4, 3, 5, 5)
    average, center = inflate(weight, length), inflate(weight, length, 'center')
    assert average.shape == center.shape == (4, 3, length, 5, 5)
    for frame in range(length):
        torch.testing.assert_close(average[:, :, frame], weight / length)
        middle = frame == length // 2
        assert torch.equal(center[:, :, frame], weight if middle else torch.zeros_like(weight))


def test_an_averaged_filter_sees_a_still_image_wherever_it_touches_no_padding():
    weight, x = torch.randn(4, 3, 3, 3).double(), image(8)
    clip = x.unsqueeze(2).repeat(1, 1, 6, 1, 1)
    out = F.conv3d(clip, inflate(weight, 3), padding=(1, 0, 0))
    still = F.conv2d(x, weight)
    for frame, share in enumerate([2 / 3, 1, 1, 1, 1, 2 / 3]):
        torch.testing.assert_close(out[:, :, frame], share * still)


@pytest.mark.parametrize(
    'arch',
    [
        {},
        {'stage_types': LOCAL, 'local_ffn': False, 'local_kernel': 3},
        {'stage_types': GLOBAL, 'kv_strides': (4, 2, 1, 1)},
        {'stem': 'conv', 'layer_scale': 0.5},
        {'dpe': False},
    ],
)
def test_centered_weights_see_the_image_in_every_frame_of_a_still_clip(arch, tmp_path):
    nets = image_and_video_net(tmp_path, 'center', arch, {})
    assert equal_frames(*nets, frames=8) == [0, 1, 2, 3]


def test_centered_weights_do_so_if_downsampling_reaches_across_frames(tmp_path):
    video = {'inflated': ['dpe', 'local', 'downsample']}
    nets = image_and_video_net(tmp_path, 'center', {}, video)
    assert equal_frames(*nets, frames=8) == [0, 1, 2, 3]


def test_divided_attention_does_so_as_long_as_time_adds_nothing(tmp_path):
    flat, deep = image_and_video_net(tmp_path, 'center', {}, {}, attention='divided')
    assert equal_frames(flat, deep, frames=8) == []
    for name, parameter in deep.named_parameters():
        if 't_attn.proj' in name:
            nn.init.zeros_(parameter)
    assert equal_frames(flat, deep, frames=8) == [0, 1, 2, 3]


def test_averaged_weights_do_so_in_frames_that_no_padding_reaches(tmp_path):
    nets = image_and_video_net(tmp_path, 'average', {'stage_types': LOCAL}, {})
    # DPE reaches 1 frame and the local affinity 2, in each of the 4 blocks; the stem touches the
    # padding in front of its first frame, and with an even number of frames none after its last.
    assert equal_frames(*nets, frames=60) == list(range(1 + 12, 30 - 12))


def test_averaged_2d_filters_do_so_in_all_frames_after_the_first_of_the_stem(tmp_path):
    nets = image_and_video_net(tmp_path, 'average', {'stage_types': LOCAL}, {'inflated': []})
    assert equal_frames(*nets, frames=8) == [1, 2, 3]


@pytest.mark.parametrize('inflated', [['dpe', 'local'], []])
def test_joint_attention_carries_the_padding_to_every_frame_of_averaged_weights(inflated, tmp_path):
    nets = image_and_video_net(tmp_path, 'average', {}, {'inflated': inflated})
    assert equal_frames(*nets, frames=16) == []


def test_an_unknown_inflation_is_refused():
    with pytest.raises(ValueError, match=r"inflation 'mean' is none of \('average', 'center'\)"):
        inflate(torch.ones(1, 1, 3, 3), 3, 'mean')
