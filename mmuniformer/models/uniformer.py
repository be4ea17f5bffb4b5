"""UniFormer: local MHRA in the shallow stages, global MHRA in the deep ones (Sec. 4, Fig. 3)."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Literal

from torch import Tensor, nn

from ..layers import ConvPatchEmbed, GlobalBlock, LocalBlock, MapLayerNorm, PatchEmbed
from ..layers.accelerate import accelerate as accelerate_net
from ..layers.nd import batch_norm
from ..registry import MODELS
from ..weights.load import load_backbone
from ..weights.read import Checkpoint
from ..weights.report import LoadReport
from . import checks
from .ablations import AblationArch, check_ablation, make_ablation_block
from .arch import Arch
from .find_arch import find_arch
from .mm_backbone import MMBackbone
from .recompute import recompute

NUM_STAGES = 4
HYBRID_GROUP = 4  # three window blocks, then a global one (Sec. 4.3)

PATCH_EMBED = {'patch': PatchEmbed, 'conv': ConvPatchEmbed}

ImageAttention = Literal['global', 'window', 'hybrid']
VideoAttention = Literal['joint', 'divided']
OutNorm = Literal['layer', 'batch']


@MODELS.register_module()
class UniFormer(MMBackbone):
    """UniFormer for images, arXiv 2201.09450.

    Four stages, ``patch_embed1`` and ``blocks1`` to ``patch_embed4`` and ``blocks4``.

    Args:
        arch: row of :data:`mmuniformer.models.ARCHS`, or a dict of fields of
            :class:`~mmuniformer.models.Arch` or :class:`~mmuniformer.models.AblationArch`.
        attention: attention of stage 3 (Sec. 4.3, Table 15): ``'global'``; ``'window'``; or
            ``'hybrid'``, every fourth block global and the others in windows. The parameters are
            the same, so one file serves all three.
        window_size: rows and columns of a window.
        in_channels: number of input channels.
        out_indices: stages to return, 0 to 3. A sequence gives a tuple of maps
            ``(B, C_i, H / s_i, W / s_i)`` with strides 4, 8, 16, 32; an int gives that one map.
        out_norm: ``'layer'``, a LayerNorm per output as for dense prediction; ``'batch'``, the
            BatchNorm of the classifiers, for the last stage only.
        drop_rate: dropout of FFN layers and attention projections.
        attn_drop_rate: dropout of attention weights.
        drop_path_rate: stochastic depth of the last block, rising linearly from 0 at the first.
        frozen_stages: -1 freezes nothing, 0 the first downsampling, ``n`` (1 to 4) also the first
            ``n`` stages. Frozen parts get no gradient and stay in eval mode.
        norm_eval: keep BatchNorm in eval mode during training.
        with_cp: activation checkpointing: ``True`` for every block, or the number of blocks, from
            the first, of each stage.
        accelerate: swap in the faster layers of :mod:`mmuniformer.layers.accelerate`; results are
            the same.
        init_cfg: ``dict(type='Pretrained', checkpoint=SOURCE)`` takes any published file of the
            family by path, URL or name (optionally with ``prefix``, ``inflation``, ``allow_new``,
            see :func:`mmuniformer.weights.load_backbone`); other types are mmengine's.

    Raises:
        ValueError: an argument or an input is not allowed; the message says what is.
        TypeError: an argument has the wrong type.

    Example:
        >>> import torch
        >>> from mmuniformer.models import UniFormer
        >>> net = UniFormer(arch='small', attention='hybrid').eval()
        >>> for out in net(torch.rand(1, 3, 224, 320)):
        ...     print(tuple(out.shape))
        (1, 64, 56, 80)
        (1, 128, 28, 40)
        (1, 320, 14, 20)
        (1, 512, 7, 10)
    """

    ndim: ClassVar[int] = 2
    input_axes: ClassVar[str] = 'B, C, H, W'
    attentions: ClassVar[Any] = ImageAttention
    load_options = ('prefix', 'inflation', 'allow_new')

    def __init__(
        self,
        *,
        arch: str | Mapping | Arch = 'small',
        attention: ImageAttention | VideoAttention = 'global',
        window_size: int = 14,
        in_channels: int = 3,
        out_indices: int | Sequence[int] = (0, 1, 2, 3),
        out_norm: OutNorm = 'layer',
        drop_rate: float = 0.0,
        attn_drop_rate: float = 0.0,
        drop_path_rate: float = 0.0,
        frozen_stages: int = -1,
        norm_eval: bool = False,
        with_cp: bool | Sequence[int] = False,
        accelerate: bool = True,
        init_cfg: Mapping | Sequence[Mapping] | None = None,
    ):
        super().__init__(norm_eval=norm_eval, init_cfg=init_cfg)
        self.arch = find_arch(arch)
        self.depths = self.arch.depths
        checks.choice('attention', attention, self.attentions)
        self.attention = attention
        self.window_size = checks.positive_int(
            'window_size', window_size, 'the released models use 14 or 32'
        )
        self.in_channels = checks.positive_int('in_channels', in_channels)
        self.single_output = isinstance(out_indices, int)
        self.out_indices = checks.indices('out_indices', out_indices, NUM_STAGES, 'stage')
        self.frozen_stages = checks.frozen_stages(frozen_stages, NUM_STAGES)
        self.num_recomputed = checks.num_recomputed(with_cp, self.depths)
        if isinstance(self.arch, AblationArch):
            check_ablation(self.arch, self)
        self._make_stages(
            checks.rate('drop_rate', drop_rate),
            checks.rate('attn_drop_rate', attn_drop_rate),
            checks.drop_path_rates('drop_path_rate', drop_path_rate, sum(self.depths)),
        )
        self._make_output_norms(out_norm)
        self.apply(_init_linear)
        self.freeze()
        if accelerate:
            accelerate_net(self)

    def _make_stages(self, drop: float, attn_drop: float, drop_paths: Sequence[float]) -> None:
        rates = iter(drop_paths)
        channels = self.in_channels
        for index, dim in enumerate(self.arch.dims):
            downsample = self._make_downsample(index, channels)
            blocks = nn.ModuleList(
                self._make_block(index, number, drop, attn_drop, next(rates))
                for number in range(self.depths[index])
            )
            self.add_module(f'patch_embed{index + 1}', downsample)
            self.add_module(f'blocks{index + 1}', blocks)
            channels = dim

    def _make_downsample(self, stage: int, in_channels: int) -> nn.Module:
        arch = self.arch
        options = arch.downsample_options(stage) if isinstance(arch, AblationArch) else {}
        patch_embed = PATCH_EMBED[self.stem_of(stage)]
        return patch_embed(self.ndim, in_channels, arch.dims[stage], first=stage == 0, **options)

    def stem_of(self, stage: int) -> str:
        return self.arch.stem

    def _make_block(
        self, stage: int, number: int, drop: float, attn_drop: float, drop_path: float
    ) -> nn.Module:
        arch = self.arch
        options: dict[str, Any] = {'mlp_ratio': arch.mlp_ratios[stage], 'drop': drop}
        options |= {'drop_path': drop_path, 'layer_scale': arch.layer_scale_of(stage)}
        if stage in arch.global_stages:
            options |= {'head_dim': arch.head_dim, 'norm_eps': arch.norm_eps}
            options['attn_drop'] = attn_drop
        if isinstance(arch, AblationArch):
            return make_ablation_block(self, arch, stage, number, options)
        if stage in arch.global_stages:
            return self.make_global_block(stage, number, **options)
        return LocalBlock(self.ndim, arch.dims[stage], **options)

    def make_global_block(self, stage: int, number: int, **options: Any) -> nn.Module:
        """Block ``number`` of a global ``stage``, both counted from 0."""
        closes_group = (number + 1) % HYBRID_GROUP == 0
        in_window = self.attention == 'window' or (self.attention == 'hybrid' and not closes_group)
        window_size = self.window_size if stage == 2 and in_window else None
        return GlobalBlock(self.ndim, self.arch.dims[stage], window_size=window_size, **options)

    def _make_output_norms(self, out_norm: OutNorm) -> None:
        """Make only the norms in use, so that every parameter gets a gradient."""
        checks.choice('out_norm', out_norm, OutNorm)
        last = NUM_STAGES - 1
        if out_norm == 'batch' and self.out_indices != (last,):
            raise ValueError(
                "out_norm='batch' is the classifiers' norm of the last stage alone: use it with "
                f"out_indices={last}, or out_norm='layer' for out_indices={self.out_indices}"
            )
        dims = self.arch.dims
        if out_norm == 'batch':
            self.norm = batch_norm(self.ndim, dims[last])
        else:
            for index in self.out_indices:
                self.add_module(f'norm{index + 1}', MapLayerNorm(dims[index], eps=1e-6))
        self.out_norm = out_norm
        self.out_channels = tuple(dims[index] for index in self.out_indices)
        self.out_strides = tuple(4 * 2**index for index in self.out_indices)

    def forward(self, x: Tensor) -> Tensor | tuple[Tensor, ...]:
        self.check_input(x)
        outs = []
        for index in range(self.out_indices[-1] + 1):
            patch_embed, blocks = self.stage(index)
            x = self.run_blocks(blocks, patch_embed(x), self.num_recomputed[index])
            if index in self.out_indices:
                outs.append(self.normalize(index, x))
        return outs[0] if self.single_output else tuple(outs)

    def stage(self, index: int) -> tuple[nn.Module, nn.ModuleList]:
        """Downsampling and blocks of the stage ``index``, counted from 0."""
        return getattr(self, f'patch_embed{index + 1}'), getattr(self, f'blocks{index + 1}')

    def run_blocks(self, blocks: nn.ModuleList, x: Any, num_recomputed: int) -> Any:
        """Run ``blocks``, in training the first ``num_recomputed`` of them with recomputation."""
        for number, block in enumerate(blocks):
            x = recompute(block, x) if self.training and number < num_recomputed else block(x)
        return x

    def normalize(self, index: int, x: Tensor) -> Tensor:
        if self.out_norm == 'batch':
            # PyTorch's gradient is wrong for one sample whose channels come last in memory.
            return self.norm(x.contiguous())
        return getattr(self, f'norm{index + 1}')(x)

    def check_input(self, x: Tensor) -> None:
        if x.ndim != self.ndim + 2:
            raise ValueError(
                f'{type(self).__name__} takes ({self.input_axes}), got shape {tuple(x.shape)}'
            )
        checks.channels(x.shape[1], self.in_channels)
        stride = 4 * 2 ** self.out_indices[-1]
        if min(x.shape[-2:]) < stride:
            raise ValueError(
                f'the input is {x.shape[-2]}×{x.shape[-1]}, less than the stride {stride} of the '
                'last stage; pad or enlarge it'
            )

    def freeze(self) -> None:
        if self.frozen_stages == 0:
            self.patch_embed1.eval().requires_grad_(False)
        for index in range(self.frozen_stages):
            for module in self.stage(index):
                module.eval().requires_grad_(False)

    def load_pretrained(self, source: str | Path | Checkpoint, **options: Any) -> LoadReport:
        return load_backbone(self, source, **options)

    def get_layer_depth(self, param_name: str, prefix: str = '') -> tuple[int, int]:
        """Depth of a parameter, for layer-wise learning rates.

        Returns:
            The layer, 0 for the first downsampling and ``n + 1`` for the ``n``-th block (later
            downsamplings count with the block that follows), and the number of layers. Everything
            after the blocks, in this net or in the model around it, is the last layer.
        """
        num_layers = sum(self.depths) + 2
        name = param_name[len(prefix) :] if param_name.startswith(prefix) else ''
        module, _, rest = name.partition('.')
        module_name, stage = module[:-1], module[-1:]
        if module_name not in ('patch_embed', 'blocks') or not stage.isdigit():
            return num_layers - 1, num_layers
        if module == 'patch_embed1':
            return 0, num_layers
        before = sum(self.depths[: int(stage) - 1])
        block = int(rest.split('.')[0]) if module_name == 'blocks' else 0
        return before + block + 1, num_layers


def _init_linear(module: nn.Module) -> None:
    """Initialize linear layers; convolutions and norms keep PyTorch's values, as released."""
    if isinstance(module, nn.Linear):
        nn.init.trunc_normal_(module.weight, std=0.02)
        nn.init.zeros_(module.bias)
