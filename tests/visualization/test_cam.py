"""visualization/cam.py: Grad-CAMs computed by hand, and a net that looks where it is told to."""

import pytest
import torch
from torch import nn

pytest.importorskip('pytorch_grad_cam')

from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget
from tiny_v2 import clip, randomised

from mmuniformer.models import UniFormer, UniFormer3D, UniFormerLight, UniFormerV2
from mmuniformer.visualization import BoxScores, KeypointPeaks, as_clip, cam_layer, grad_cam

ARCH = {'dims': (8, 16, 24, 32), 'head_dim': 8, 'depths': (1, 1, 1, 1)}


class Classifier(nn.Module):
    """Weighs the last map by position and channel: what it looks at is known."""

    def __init__(self, backbone: nn.Module, weight: torch.Tensor):
        super().__init__()
        self.backbone = backbone
        self.weight = weight

    def forward(self, x):
        return (self.backbone(x) * self.weight).flatten(1).sum(1, keepdim=True)


def unit(heat: torch.Tensor) -> torch.Tensor:
    return (heat - heat.min()) / (heat.max() - heat.min())


@pytest.mark.parametrize('shape', [(2, 3, 6, 9), (2, 3, 4, 6, 9)])
def test_a_cam_is_the_gradient_weighted_channel_mean_and_its_positive_part(shape):
    torch.manual_seed(0)
    conv = (nn.Conv2d if len(shape) == 4 else nn.Conv3d)(3, 5, 3, padding=1)
    net = Classifier(conv, torch.randn(5, *shape[2:]))
    x = torch.randn(shape)
    heat = grad_cam(net, conv, x, [ClassifierOutputTarget(0)] * 2)
    # The gradient of the output in the map is the weight itself.
    gradient = net.weight.flatten(1).mean(1)
    by_hand = torch.einsum('c,bc...->b...', gradient, conv(x).detach()).relu()
    assert heat.shape == (shape[0], *shape[2:])
    for one, expected in zip(heat, by_hand, strict=True):
        torch.testing.assert_close(one, unit(expected), atol=2e-6, rtol=0)


def test_a_head_that_reads_one_quadrant_gives_a_cam_with_its_mass_there():
    torch.manual_seed(0)
    backbone = UniFormer(arch=ARCH, out_indices=3, out_norm='batch').eval()
    image = torch.zeros(1, 3, 256, 256)
    image[:, :, :128, 128:] = torch.randn(3, 128, 128)
    with torch.no_grad():
        maps = backbone(image)[0]
        # Channels that tell this quadrant from the others, read there alone.
        inside = maps[:, :4, 4:].mean((1, 2))
        outside = (maps.sum((1, 2)) - 16 * inside) / 48
    weight = torch.zeros(32, 8, 8)
    weight[:, :4, 4:] = (inside - outside)[:, None, None]
    heat = grad_cam(
        Classifier(backbone, weight), backbone.norm, image, [ClassifierOutputTarget(0)]
    )[0]
    assert heat[:128, 128:].sum() > 0.6 * heat.sum()
    assert heat[:128, 128:].mean() > 4 * heat[128:, :128].mean()


@pytest.mark.parametrize('stage', [1, 2, 3, 4, None])
def test_every_stage_of_a_frozen_net_has_a_cam_of_the_size_of_the_input(stage):
    torch.manual_seed(0)
    backbone = UniFormer(arch=ARCH, out_indices=3, out_norm='batch', frozen_stages=4).eval()
    net = Classifier(backbone, torch.randn(32, 2, 3))
    layer = cam_layer(backbone, stage)
    heat = grad_cam(net, layer, torch.randn(1, 3, 64, 96), [ClassifierOutputTarget(0)])
    assert heat.shape == (1, 64, 96)
    assert heat.min() == 0 and heat.max() == pytest.approx(1, abs=1e-5)
    assert all(parameter.grad is None for parameter in net.parameters())


@pytest.mark.parametrize('cls', [UniFormer3D, UniFormerV2])
def test_a_clip_has_a_cam_for_every_frame(cls):
    torch.manual_seed(0)
    if cls is UniFormer3D:
        backbone = cls(arch=ARCH).eval()
        net, reshape = Classifier(backbone, torch.randn(32, 1, 1, 1)), None
    else:
        arch = {'dim': 16, 'depth': 2, 'head_dim': 8, 'global_head_dim': 8, 'image_size': 64}
        backbone = cls(arch=arch, global_layers=(1,)).eval()
        # Global UniBlocks start at zero: without this, no patch has a say.
        nn.init.normal_(backbone.transformer.dec[0].attn.out_proj.weight)
        net, reshape = Classifier(backbone, torch.randn(16)), as_clip(backbone, (8, 64, 64))
    x = torch.randn(1, 3, 8, 64, 64)
    heat = grad_cam(net, cam_layer(backbone), x, [ClassifierOutputTarget(0)], reshape)
    assert heat.shape == (1, 8, 64, 64)
    assert heat.max() == pytest.approx(1, abs=1e-5)


def test_targets_sum_scores_and_peaks():
    found = {'scores': torch.tensor([0.5, 0.25, 0.125]), 'labels': torch.tensor([2, 0, 2])}
    assert BoxScores()(found) == 0.875
    assert BoxScores(2)(found) == 0.625
    heatmaps = torch.tensor([[[0.0, 3.0]], [[-1.0, -2.0]]])
    assert KeypointPeaks()(heatmaps) == 2
    assert KeypointPeaks(1)(heatmaps) == -1


def test_what_has_no_cam_is_refused():
    backbone = UniFormer(arch=ARCH)
    with pytest.raises(ValueError, match='no stage 5; stages are counted from 1 to 4'):
        cam_layer(backbone, 5)
    light = UniFormerLight(arch={**ARCH, 'depths': (1, 1, 1, 1)}, out_indices=3, out_norm='batch')
    assert cam_layer(light) is light.norm
    with pytest.raises(ValueError, match='stages it returns: 4'):
        cam_layer(light, 3)
    with pytest.raises(ValueError, match='1 samples need as many targets, got 0'):
        grad_cam(backbone, cam_layer(backbone), torch.randn(1, 3, 32, 32), [])


def test_of_a_vit_the_last_layer_is_taken_whose_patches_are_read():
    for options, last in (
        ({}, 4),
        ({'global_layers': (0, 2)}, 3),
        ({'out_indices': 1}, 2),
    ):
        backbone = randomised(**options)
        assert cam_layer(backbone) is backbone.transformer.resblocks[last - 1]
    assert cam_layer(backbone, 1) is backbone.transformer.resblocks[0]
    with pytest.raises(ValueError, match='no layer 3; layers are counted from 1 to 2'):
        cam_layer(backbone, 3)  # it does not run


def test_a_layer_after_all_that_is_read_is_refused():
    backbone = randomised(global_layers=(1,), fusion='global').eval()
    net, x = Classifier(backbone, torch.randn(32)), clip(batch=1)
    with pytest.raises(ValueError, match='does not depend on the maps of this layer'):
        grad_cam(
            net,
            cam_layer(backbone, 4),
            x,
            [ClassifierOutputTarget(0)],
            as_clip(backbone, x.shape[2:]),
        )


def test_a_target_without_a_gradient_is_refused():
    net = nn.Conv2d(3, 2, 1)
    with pytest.raises(ValueError, match='does not depend on the input'):
        grad_cam(net, net, torch.randn(1, 3, 4, 4), [lambda out: out.detach().sum()])
