"""Replacement for mmaction2's own ``UniFormerV2``, imported by its registry after its models."""

from collections.abc import Mapping, Sequence
from typing import Any

import mmaction.models  # noqa: F401  the stock class must be registered before it is replaced
from mmaction.models.backbones.uniformerv2 import _MODELS as _STOCK_FILES
from mmaction.registry import MODELS
from mmengine.logging import print_log

from ...models.arch_v2 import ArchV2
from ...models.uniformer_v2 import UniFormerV2 as OurUniFormerV2

_DEFAULTS = {
    'input_resolution': 224,
    'patch_size': 16,
    'width': 768,
    'layers': 12,
    'heads': 12,
    'backbone_drop_path_rate': 0.0,
    'dw_reduction': 1.5,
    'no_lmhra': True,
    'double_lmhra': False,
    'return_list': (8, 9, 10, 11),
    'n_layers': 4,
    'n_dim': 768,
    'n_head': 12,
    'mlp_factor': 4.0,
    'mlp_dropout': (0.5, 0.5, 0.5, 0.5),
}


class UniFormerV2(OurUniFormerV2):
    """mmaction2's ``UniFormerV2`` with the same arguments, parameter names and results.

    With ``arch``, the arguments are those of :class:`~mmuniformer.models.uniformer_v2.UniFormerV2`
    instead. Stochastic depth drops clips; in mmaction2 it drops positions of tokens.

    Args:
        drop_path_rate: stochastic depth of the global UniBlocks; with ``arch``, of the ViT.
        pretrained: ``'ViT-B/16'``, ``'ViT-L/14'``, ``'ViT-L/14_336'``, a path or a URL.
        clip_pretrained: ignored; the file shows its layout.
        t_size: ignored; any number of frames runs.
        kernel_size: frames of the patch convolution with ``temporal_downsample``; only 3.
        options: ``input_resolution``, ``patch_size``, ``width``, ``layers``, ``heads``,
            ``backbone_drop_path_rate``, ``dw_reduction``, ``no_lmhra``, ``double_lmhra``: the ViT
            and its local UniBlocks, ``return_list``, ``n_layers``, ``n_dim``, ``n_head``,
            ``mlp_factor``, ``mlp_dropout``: the global ones, all with mmaction2's defaults; or
            arguments of :class:`~mmuniformer.models.uniformer_v2.UniFormerV2`.

    Raises:
        ValueError: widths or numbers of blocks that contradict each other, or another kernel size.
        TypeError: both ``arch`` and mmaction2's own description are given.
    """

    final_norm = 'norm'

    def __init__(
        self,
        *,
        arch: str | Mapping | None = None,
        drop_path_rate: float = 0.0,
        pretrained: str | None = None,
        clip_pretrained: bool = True,
        t_size: int = 8,
        kernel_size: int = 3,
        init_cfg: Mapping | Sequence[Mapping] | None = None,
        **options: Any,
    ):
        if kernel_size != 3:
            raise ValueError(f'kernel_size {kernel_size}: the patch convolution sees 3 frames')
        given = {name: options.pop(name) for name in _DEFAULTS if name in options}
        if arch is None:
            options |= _translate({**_DEFAULTS, **given})
            options['global_drop_path_rate'] = drop_path_rate
        elif given:
            raise TypeError(f'arch={arch!r} already says what {", ".join(given)} would say')
        else:
            options |= {'arch': arch, 'drop_path_rate': drop_path_rate}
        if pretrained is not None:
            checkpoint = _STOCK_FILES.get(pretrained, pretrained)
            init_cfg = {'type': 'Pretrained', 'checkpoint': checkpoint}
        super().__init__(init_cfg=init_cfg, **options)


def _translate(stock: Mapping[str, Any]) -> dict[str, Any]:
    """Translate mmaction2's arguments."""
    layers = sorted(stock['return_list'])
    for name, value in (
        ('n_layers', stock['n_layers']),
        ('mlp_dropout', len(stock['mlp_dropout'])),
    ):
        if value != len(layers):
            raise ValueError(
                f'return_list names {len(layers)} layers and {name} says {value}; '
                'there is one global UniBlock for each'
            )
    width = stock['width']
    if stock['n_dim'] != width:
        raise ValueError(f'n_dim {stock["n_dim"]} is not the width {width} of the ViT')
    for name in ('heads', 'n_head'):
        if width % stock[name]:
            raise ValueError(f'{name} {stock[name]} does not divide the width {width}')
    arch = ArchV2(
        depth=stock['layers'],
        dim=width,
        head_dim=width // stock['heads'],
        patch_size=stock['patch_size'],
        image_size=stock['input_resolution'],
        global_head_dim=width // stock['n_head'],
        global_mlp_ratio=stock['mlp_factor'],
    )
    return {
        'arch': arch,
        'local_mhra': 0 if stock['no_lmhra'] else 1 + stock['double_lmhra'],
        'local_reduction': stock['dw_reduction'],
        'global_layers': layers,
        'global_drop_rate': stock['mlp_dropout'],
        'drop_path_rate': stock['backbone_drop_path_rate'],
    }


MODELS.register_module(module=UniFormerV2, force=True)
print_log(
    "mmaction2's UniFormerV2 is mmuniformer's from here on: same arguments, names and results",
    'current',
)
