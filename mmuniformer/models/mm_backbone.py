"""What all backbones share as mmengine modules: freezing, loading files, fusing."""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import torch
from mmengine.logging import print_log
from mmengine.model import BaseModule
from mmengine.model.weight_init import PretrainedInit, update_init_info
from torch.nn.modules.batchnorm import _BatchNorm

from ..layers.fuse import fuse_layers
from ..weights.read import Checkpoint
from ..weights.report import LoadReport
from .pretrained import read_for, read_once

_FOLDED = 'folded'  # name of the buffer that marks the weights of a fused net
Net = TypeVar('Net', bound='MMBackbone')


class MMBackbone(BaseModule):
    """Base class of the backbones; subclasses say what is frozen and how a file is read.

    Args:
        norm_eval: keep BatchNorm in eval mode during training.
        init_cfg: ``dict(type='Pretrained', checkpoint=SOURCE)``, optionally with ``load_options``,
            takes any published file of the family by path, URL or name; other types are mmengine's.

    Attributes:
        load_options: of :meth:`load_pretrained`, allowed in ``init_cfg``.
    """

    load_options: tuple[str, ...] = ('prefix', 'inflation')

    def __init__(self, *, norm_eval: bool, init_cfg: Mapping | Sequence[Mapping] | None):
        super().__init__(init_cfg=init_cfg)
        self.norm_eval = norm_eval

    def freeze(self) -> None:
        """Put the frozen parts in eval mode and turn off their gradients."""
        raise NotImplementedError

    def load_pretrained(self, source: str | Path | Checkpoint, **options: Any) -> LoadReport:
        """Load a file into this net, or refuse it."""
        raise NotImplementedError

    @classmethod
    def from_pretrained(cls: type[Net], source: str | Path, **options: Any) -> Net:
        """Build the net of a released file and load the file.

        Args:
            source: name of a released file, as ``'uniformer_small_in1k'``; or a path or URL.
            **options: arguments of the class in place of those of the released net, and
                ``load_options``.

        Raises:
            FileNotFoundError: there is no such file, or it has to be downloaded by hand; the
                message says where.
            CheckpointError: the download failed, or the file does not fit the net.
            ValueError: the file is of another class, or not a released one and ``arch`` is missing.
        """
        load_options = {key: options.pop(key) for key in cls.load_options if key in options}
        checkpoint, arguments = read_for(cls, source)
        if 'arch' not in (options := {**arguments, **options}):
            raise ValueError(f'{source} is not a released file; give arch=… of the net')
        net = cls(**options)
        net._load_and_log(checkpoint, load_options)
        return net

    @property
    def fused(self) -> bool:
        return hasattr(self, _FOLDED)

    def fuse(self) -> 'MMBackbone':
        """Fuse layers in place, for inference only; outputs are the same up to rounding.

        Norms with statistics, layer scale, the sum of DPE and the slope of UniFormerV2's GELU are
        folded into the layers next to them. In half precision the outputs are up to a third further
        from those of float32. The state dict changes: load weights before fusing, and save those of
        a net that is not fused; anything else is refused.

        Raises:
            ValueError: the net, or a part of it, is in training mode.
        """
        if self.fused:
            return self
        if any(module.training for module in self.modules()):
            name = type(self).__name__
            raise ValueError(f'{name} is in training mode; call eval() before fuse()')
        fuse_layers(self)
        self.register_buffer(_FOLDED, torch.tensor(True))
        return self.eval()  # the identities that replaced norms are in training mode

    def train(self, mode: bool = True) -> 'MMBackbone':
        if mode and self.fused:
            raise ValueError(
                f'a fused {type(self).__name__} cannot be trained; build another, or fuse a copy'
            )
        super().train(mode)
        if mode:
            self.freeze()
            if self.norm_eval:
                for module in self.modules():
                    if isinstance(module, _BatchNorm):
                        module.eval()
        return self

    def _load_from_state_dict(self, state_dict: dict, prefix: str, *rest: Any) -> None:
        # Some nets have the same names before and after, with other values.
        folded = f'{prefix}{_FOLDED}' in state_dict
        if folded != self.fused and any(key.startswith(prefix) for key in state_dict):
            name = type(self).__name__
            raise ValueError(
                f'these are weights of a fused {name}, and this one is not: call fuse() first'
                if folded
                else f'a fused {name} takes fused weights alone; load others before fuse()'
            )
        super()._load_from_state_dict(state_dict, prefix, *rest)

    def init_weights(self) -> None:
        """Initialize as ``init_cfg`` says; the report of a pretrained file goes into the log."""
        cfg = self.init_cfg
        if not isinstance(cfg, Mapping) or cfg.get('type') not in ('Pretrained', PretrainedInit):
            super().init_weights()
            return
        # mmengine allows map_location; files are always read on the CPU.
        if unknown := set(cfg) - {'type', 'checkpoint', 'map_location', *self.load_options}:
            *first, last = ('checkpoint', *self.load_options)
            raise TypeError(
                f'init_cfg of type Pretrained takes {", ".join(first)} and {last}, '
                f'not {sorted(unknown)}'
            )
        options = {key: cfg[key] for key in self.load_options if key in cfg}
        self._load_and_log(read_once(cfg['checkpoint']), options)
        self._is_init = True

    def _load_and_log(self, checkpoint: Checkpoint, options: dict[str, Any]) -> None:
        report = self.load_pretrained(checkpoint, **options)
        level = logging.WARNING if report.warning else logging.INFO
        print_log(str(report), logger='current', level=level)
        if report.missing_keys or report.unexpected_keys:
            warning = f'{checkpoint.source}: missing or unexpected keys, see above'
            print_log(warning, logger='current', level=logging.WARNING)
        if hasattr(self, '_params_init_info'):
            update_init_info(self, init_info=f'Loaded from {checkpoint.source}')
