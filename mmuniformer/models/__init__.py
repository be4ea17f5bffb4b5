"""The backbones, for any of the five toolboxes or none."""

from .arch import ARCHS, Arch
from .uniformer import UniFormer, UniFormer3D

__all__ = ['ARCHS', 'Arch', 'UniFormer', 'UniFormer3D']
