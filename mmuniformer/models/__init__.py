"""The backbones, for any of the five toolboxes or none."""

from .arch import ARCHS, LIGHT_ARCHS, Arch, LightArch
from .uniformer import UniFormer, UniFormer3D
from .uniformer_light import UniFormerLight, UniFormerLight3D

__all__ = [
    'ARCHS',
    'LIGHT_ARCHS',
    'Arch',
    'LightArch',
    'UniFormer',
    'UniFormer3D',
    'UniFormerLight',
    'UniFormerLight3D',
]
