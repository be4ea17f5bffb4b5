"""The backbones, for any of the five toolboxes or none."""

from ..layers.simple_pyramid import SimplePyramid
from ..registry import MODELS
from .ablations import AblationArch
from .arch import ARCHS, Arch
from .arch_light import LIGHT_ARCHS, LightArch
from .arch_v2 import ARCHS_V2, ArchV2
from .uniformer import UniFormer
from .uniformer3d import UniFormer3D
from .uniformer_light import UniFormerLight, UniFormerLight3D
from .uniformer_v2 import UniFormerV2

__all__ = [
    'ARCHS',
    'ARCHS_V2',
    'LIGHT_ARCHS',
    'AblationArch',
    'Arch',
    'ArchV2',
    'LightArch',
    'SimplePyramid',
    'UniFormer',
    'UniFormer3D',
    'UniFormerLight',
    'UniFormerLight3D',
    'UniFormerV2',
]

MODELS.register_module(module=SimplePyramid)
