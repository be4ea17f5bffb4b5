"""Replacement for mmaction2's own ``UniFormer``, imported by its registry after its models."""

from collections.abc import Mapping, Sequence
from typing import Any

import mmaction.models  # noqa: F401  the stock classes must be registered before they are replaced
from mmaction.models.backbones.uniformer import _MODELS as _STOCK_FILES
from mmaction.registry import MODELS
from mmengine.logging import print_log

from ...models import Arch, UniFormer3D


class UniFormer(UniFormer3D):
    """mmaction2's ``UniFormer`` with the same arguments, parameter names and results, and training.

    ``arch`` and the other arguments of :class:`~mmuniformer.models.UniFormer3D` are accepted as
    well. With ``arch`` the LayerNorms have the published eps 1e-6, without it mmaction2's 1e-5.

    Args:
        depth, embed_dim, head_dim, mlp_ratio: mmaction2's description of the net.
        img_size: ignored, as in mmaction2; any size runs.
        pretrained2d: ``pretrained`` is a 2D file, to be inflated with its weights in the center.
        pretrained: ``'uniformer_small_in1k'``, ``'uniformer_base_in1k'``, a path or a URL.

    Raises:
        ValueError: ``qkv_bias=False`` or a ``qk_scale``, which no released model has.
        TypeError: both ``arch`` and mmaction2's own description are given.
    """

    def __init__(
        self,
        depth: Sequence[int] | None = None,
        img_size: int = 224,
        in_chans: int = 3,
        embed_dim: Sequence[int] | None = None,
        head_dim: int | None = None,
        mlp_ratio: float | None = None,
        qkv_bias: bool = True,
        qk_scale: float | None = None,
        *,
        arch: str | Mapping | Arch | None = None,
        pretrained2d: bool = True,
        pretrained: str | None = None,
        init_cfg: Mapping | Sequence[Mapping] | None = None,
        **options: Any,
    ):
        if not qkv_bias or qk_scale is not None:
            raise ValueError(
                f'qkv_bias={qkv_bias}, qk_scale={qk_scale}: UniFormer has biases and the scale '
                'head_dim ** -0.5; leave both out'
            )
        stock = {
            'depth': depth, 'embed_dim': embed_dim, 'head_dim': head_dim, 'mlp_ratio': mlp_ratio,
        }  # fmt: skip
        if arch is None:
            arch = Arch(
                depths=tuple(depth or (5, 8, 20, 7)),
                dims=tuple(embed_dim or (64, 128, 320, 512)),
                head_dim=head_dim or 64,
                mlp_ratios=(mlp_ratio or 4.0,) * 4,
                norm_eps=1e-5,
            )
        elif given := [name for name, value in stock.items() if value is not None]:
            raise TypeError(f'arch={arch!r} already says what {", ".join(given)} would say')
        if pretrained is not None:
            checkpoint = _STOCK_FILES.get(pretrained, pretrained)
            init_cfg = {'type': 'Pretrained', 'checkpoint': checkpoint}
            if pretrained2d:
                init_cfg['inflation'] = 'center'
        super().__init__(
            arch=arch,
            in_channels=options.pop('in_channels', in_chans),
            init_cfg=init_cfg,
            **options,
        )


MODELS.register_module(module=UniFormer, force=True)
print_log(
    "mmaction2's UniFormer is mmuniformer's from here on: same arguments, names and results",
    'current',
)
