"""The networks to compare: our backbones, their reference versions, and those of the toolboxes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch

from torch import Tensor, nn

from mmuniformer.layers.attention import Attention
from mmuniformer.models import UniFormer, UniFormer3D, UniFormerV2

from ...layers.accelerate import SparseDropPath, plain

OURS, FUSED, EXPLICIT, PEER = 'ours', 'fused', 'explicit', 'peer'


@dataclass(frozen=True)
class Net:
    """A backbone and how to build it; ``build`` may fail if a toolbox is not installed."""

    name: str
    role: str
    build: Callable[[], nn.Module]


@dataclass(frozen=True)
class Suite:
    """Inputs ``(B, C, *S)`` by name and the networks to run on them; the first is the baseline."""

    inputs: dict[str, tuple[int, ...]]
    nets: tuple[Net, ...]

    def choose(self, patterns: Sequence[str]) -> tuple[Net, ...]:
        """Keep the first net and those whose name matches a pattern like ``Swin*``."""
        first, *others = self.nets
        chosen = (net for net in others if any(fnmatch(net.name, p) for p in patterns))
        return (first, *chosen)


class ExplicitAttention(Attention):
    """Attention that computes the affinity matrix explicitly, as the original does."""

    def attend(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        affinity = (q @ k.transpose(-2, -1)) * q.shape[-1] ** -0.5
        x = affinity.softmax(dim=-1) @ v
        return self.proj_drop(self.proj(x.transpose(1, 2).flatten(2)))


def explicit(net: nn.Module) -> nn.Module:
    """Replace attention by :class:`ExplicitAttention`, in place; outputs are the same."""
    for module in net.modules():
        if type(module) is Attention:
            module.__class__ = ExplicitAttention
    return net


def masked(net: nn.Module) -> nn.Module:
    """Compute dropped branches too and multiply them by zero, in place."""
    return plain(net, SparseDropPath)


def original(net: nn.Module) -> nn.Module:
    """Use explicit attention and plain layers, as the original does, in place."""
    return plain(explicit(net))


def with_fused(nets: Iterable[Net]) -> Iterator[Net]:
    """Add the fused version after each of our networks."""
    for net in nets:
        yield net
        if net.role == OURS:
            yield Net(f'{net.name}, fused', FUSED, lambda net=net: net.build().eval().fuse())


def _image(arch: str, attention: str, drop_path_rate: float = 0.0) -> nn.Module:
    return UniFormer(
        arch=arch, attention=attention, out_norm='layer', drop_path_rate=drop_path_rate
    )


def _clip(arch: str) -> nn.Module:
    return UniFormer3D(arch=arch, out_indices=3, out_norm='batch')


def _ours(name: str, build: Callable[[], nn.Module]) -> Iterable[Net]:
    yield Net(name, OURS, build)
    yield Net(f'{name}, explicit', EXPLICIT, lambda: explicit(build()))
    yield Net(f'{name}, as the original', EXPLICIT, lambda: original(build()))


def _swin(depths: tuple[int, ...], **options: float) -> nn.Module:
    from mmdet.models.backbones import SwinTransformer

    return SwinTransformer(depths=depths, **options)


def _convnext(arch: str, **options: float) -> nn.Module:
    from mmpretrain.models.backbones import ConvNeXt

    return ConvNeXt(arch, out_indices=(0, 1, 2, 3), gap_before_final_norm=False, **options)


def _resnet(depth: int) -> nn.Module:
    from mmdet.models.backbones import ResNet

    return ResNet(depth, norm_eval=False)


def _stock_uniformer(depth: tuple[int, ...]) -> nn.Module:
    from mmaction.models.backbones.uniformer import UniFormer as Stock

    return Stock(depth=list(depth), drop_path_rate=0.0)


def _mvit() -> nn.Module:
    from mmaction.models.backbones.mvit import MViT

    return MViT('small', temporal_size=16)


def _video_swin() -> nn.Module:
    from mmaction.models.backbones.swin import SwinTransformer3D

    return SwinTransformer3D('tiny')


def _stock_v2(frames: int, local: bool) -> nn.Module:
    from mmaction.models.backbones.uniformerv2 import UniFormerV2 as Stock

    return Stock(
        t_size=frames, temporal_downsample=local, no_lmhra=not local, double_lmhra=local,
        clip_pretrained=False, mlp_dropout=[0.0] * 4,
    )  # fmt: skip


def _v2(local: bool) -> nn.Module:
    return UniFormerV2(arch='b16', local_mhra=2 if local else 0, temporal_downsample=local)


def _images(arch: str, letter: str) -> Iterable[Net]:
    for attention, short in (('hybrid', 'h14'), ('global', 'g'), ('window', 'w14')):
        yield from _ours(
            f'UniFormer-{letter} {short}', lambda attention=attention: _image(arch, attention)
        )


def _drop_path(arch: str, letter: str, rate: float) -> Iterable[Net]:
    name = f'UniFormer-{letter} h14, drop path {rate}'
    yield Net(name, OURS, lambda: _image(arch, 'hybrid', rate))
    yield Net(
        f'{name}, computed and masked', EXPLICIT, lambda: masked(_image(arch, 'hybrid', rate))
    )


def _square(side: int, batch: int = 1) -> tuple[int, ...]:
    return batch, 3, side, side


_IMAGES = {
    '224×224, batch 8': _square(224, 8),
    '512×512': _square(512),
    '800×1280': (1, 3, 800, 1280),
    '512×2048': (1, 3, 512, 2048),
}
SUITES = {
    'image-s': Suite(
        _IMAGES,
        (
            *_images('small', 'S'),
            Net('Swin-T', PEER, lambda: _swin((2, 2, 6, 2))),
            Net('ConvNeXt-T', PEER, lambda: _convnext('tiny')),
            Net('ResNet-50', PEER, lambda: _resnet(50)),
        ),
    ),
    'image-b': Suite(
        _IMAGES,
        (
            *_images('base', 'B'),
            Net('Swin-S', PEER, lambda: _swin((2, 2, 18, 2))),
            Net('ConvNeXt-S', PEER, lambda: _convnext('small')),
            Net('ResNet-101', PEER, lambda: _resnet(101)),
        ),
    ),
    # As in the training of Mask R-CNN in the paper and in mmdet: two images, with drop path.
    'det-s': Suite(
        {'800×1280, batch 2': (2, 3, 800, 1280)},
        (
            *_drop_path('small', 'S', 0.2),
            Net('Swin-T, drop path 0.2', PEER, lambda: _swin((2, 2, 6, 2), drop_path_rate=0.2)),
            Net('ConvNeXt-T, drop path 0.4', PEER, lambda: _convnext('tiny', drop_path_rate=0.4)),
        ),
    ),
    'det-b': Suite(
        {'800×1280, batch 2': (2, 3, 800, 1280)},
        (
            *_drop_path('base', 'B', 0.3),
            Net('Swin-S, drop path 0.2', PEER, lambda: _swin((2, 2, 18, 2), drop_path_rate=0.2)),
            Net('ConvNeXt-S, drop path 0.6', PEER, lambda: _convnext('small', drop_path_rate=0.6)),
        ),
    ),
    'video': Suite(
        {'16×224²': (1, 3, 16, 224, 224), '32×224²': (1, 3, 32, 224, 224)},
        (
            *_ours('UniFormer-S', lambda: _clip('small')),
            Net('UniFormer-S of mmaction2', PEER, lambda: _stock_uniformer((3, 4, 8, 3))),
            Net('MViT-S', PEER, _mvit),
            Net('Video Swin-T', PEER, _video_swin),
        ),
    ),
    'v2': Suite(
        {'8×224²': (1, 3, 8, 224, 224)},
        (
            Net('UniFormerV2-B/16', OURS, lambda: _v2(local=False)),
            Net('UniFormerV2-B/16 of mmaction2', PEER, lambda: _stock_v2(8, local=False)),
        ),
    ),
    'v2-local': Suite(
        {'16×224²': (1, 3, 16, 224, 224)},
        (
            Net('UniFormerV2-B/16, local MHRA', OURS, lambda: _v2(local=True)),
            Net(
                'UniFormerV2-B/16 of mmaction2, local MHRA', PEER,
                lambda: _stock_v2(16, local=True),
            ),
        ),
    ),
}  # fmt: skip
