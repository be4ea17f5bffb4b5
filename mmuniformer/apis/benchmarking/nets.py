"""The networks to compare: our backbones, their reference versions, and those of the toolboxes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import partial
from pkgutil import resolve_name
from typing import Any, Literal, cast

from torch import Tensor, nn

from ...layers.accelerate import SparseDropPath, plain
from ...layers.attention import Attention
from ...models import UniFormer, UniFormer3D, UniFormerV2
from ...models.mm_backbone import MMBackbone
from ...models.uniformer import ImageAttention

Role = Literal['ours', 'fused', 'explicit', 'peer']
OURS: Role = 'ours'
FUSED: Role = 'fused'
EXPLICIT: Role = 'explicit'
PEER: Role = 'peer'


@dataclass(frozen=True)
class Net:
    """A backbone and how to build it; ``build`` may fail if a toolbox is not installed."""

    name: str
    role: Role
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
            yield Net(f'{net.name}, fused', FUSED, partial(_build_fused, net))


def _build_fused(net: Net) -> nn.Module:
    return cast(MMBackbone, net.build()).eval().fuse()


def _ours(name: str, build: Callable[[], nn.Module]) -> tuple[Net, ...]:
    return (
        Net(name, OURS, build),
        Net(f'{name}, explicit', EXPLICIT, lambda: explicit(build())),
        Net(f'{name}, as the original', EXPLICIT, lambda: original(build())),
    )


def _peer(name: str, path: str, *args: Any, **options: Any) -> Net:
    """Return a network of a toolbox, which is imported when it is built."""
    return Net(name, PEER, lambda: resolve_name(path)(*args, **options))


def _swin(name: str, depths: tuple[int, ...], **options: float) -> Net:
    return _peer(name, 'mmdet.models.backbones:SwinTransformer', depths=depths, **options)


def _convnext(name: str, arch: str, **options: float) -> Net:
    maps = dict(out_indices=(0, 1, 2, 3), gap_before_final_norm=False)
    return _peer(name, 'mmpretrain.models.backbones:ConvNeXt', arch, **maps, **options)


def _resnet(depth: int) -> Net:
    return _peer(f'ResNet-{depth}', 'mmdet.models.backbones:ResNet', depth, norm_eval=False)


def _v2_of_mmaction(name: str, frames: int, local: bool) -> Net:
    return _peer(
        name, 'mmaction.models.backbones.uniformerv2:UniFormerV2', t_size=frames,
        temporal_downsample=local, no_lmhra=not local, double_lmhra=local, clip_pretrained=False,
        mlp_dropout=[0.0] * 4,
    )  # fmt: skip


def _image(arch: str, attention: ImageAttention, drop_path_rate: float = 0.0) -> nn.Module:
    return UniFormer(
        arch=arch, attention=attention, out_norm='layer', drop_path_rate=drop_path_rate
    )


def _patterns(arch: str, letter: str) -> Iterator[Net]:
    patterns: dict[str, ImageAttention] = {'h14': 'hybrid', 'g': 'global', 'w14': 'window'}
    for short, attention in patterns.items():
        yield from _ours(f'UniFormer-{letter} {short}', partial(_image, arch, attention))


def _drop_path(arch: str, letter: str, rate: float) -> tuple[Net, ...]:
    name, build = f'UniFormer-{letter} h14, drop path {rate}', partial(_image, arch, 'hybrid', rate)
    return (
        Net(name, OURS, build),
        Net(f'{name}, computed and masked', EXPLICIT, lambda: masked(build())),
    )


_IMAGES: dict[str, tuple[int, ...]] = {
    '224×224, batch 8': (8, 3, 224, 224),
    '512×512': (1, 3, 512, 512),
    '800×1280': (1, 3, 800, 1280),
    '512×2048': (1, 3, 512, 2048),
}
# As in the training of Mask R-CNN in the paper and in mmdet: two images, with drop path.
_TRAINING: dict[str, tuple[int, ...]] = {'800×1280, batch 2': (2, 3, 800, 1280)}
_TINY, _SMALL = (2, 2, 6, 2), (2, 2, 18, 2)  # depths of Swin
SUITES = {
    'image-s': Suite(
        _IMAGES,
        (
            *_patterns('small', 'S'),
            _swin('Swin-T', _TINY),
            _convnext('ConvNeXt-T', 'tiny'),
            _resnet(50),
        ),
    ),
    'image-b': Suite(
        _IMAGES,
        (
            *_patterns('base', 'B'),
            _swin('Swin-S', _SMALL),
            _convnext('ConvNeXt-S', 'small'),
            _resnet(101),
        ),
    ),
    'det-s': Suite(
        _TRAINING,
        (
            *_drop_path('small', 'S', 0.2),
            _swin('Swin-T, drop path 0.2', _TINY, drop_path_rate=0.2),
            _convnext('ConvNeXt-T, drop path 0.4', 'tiny', drop_path_rate=0.4),
        ),
    ),
    'det-b': Suite(
        _TRAINING,
        (
            *_drop_path('base', 'B', 0.3),
            _swin('Swin-S, drop path 0.2', _SMALL, drop_path_rate=0.2),
            _convnext('ConvNeXt-S, drop path 0.6', 'small', drop_path_rate=0.6),
        ),
    ),
    'video': Suite(
        {'16×224²': (1, 3, 16, 224, 224), '32×224²': (1, 3, 32, 224, 224)},
        (
            *_ours('UniFormer-S', lambda: UniFormer3D(arch='small')),
            _peer(
                'UniFormer-S of mmaction2', 'mmaction.models.backbones.uniformer:UniFormer',
                depth=[3, 4, 8, 3], drop_path_rate=0.0,
            ),
            _peer('MViT-S', 'mmaction.models.backbones.mvit:MViT', 'small', temporal_size=16),
            _peer('Video Swin-T', 'mmaction.models.backbones.swin:SwinTransformer3D', 'tiny'),
        ),
    ),
    'v2': Suite(
        {'8×224²': (1, 3, 8, 224, 224)},
        (
            Net('UniFormerV2-B/16', OURS, lambda: UniFormerV2(arch='b16')),
            _v2_of_mmaction('UniFormerV2-B/16 of mmaction2', 8, local=False),
        ),
    ),
    'v2-local': Suite(
        {'16×224²': (1, 3, 16, 224, 224)},
        (
            Net(
                'UniFormerV2-B/16, local MHRA', OURS,
                lambda: UniFormerV2(arch='b16', local_mhra=2, temporal_downsample=True),
            ),
            _v2_of_mmaction('UniFormerV2-B/16 of mmaction2, local MHRA', 16, local=True),
        ),
    ),
}  # fmt: skip
