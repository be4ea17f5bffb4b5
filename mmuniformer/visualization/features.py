"""Local affinities and feature maps."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from ..layers import LocalBlock, MobileBlock
from ..models import UniFormerV2
from ..models.uniformer import NUM_STAGES, UniFormer
from .attention import find_block, run_with_hooks, stages_of
from .cam import as_clip, check_number, last_layer, vit_layer


def local_affinity(backbone: nn.Module, stage: int, block: int) -> Tensor:
    """Return the learned neighborhoods of a local block (Eq. 6), per channel: ``(C, *kernel)``.

    Args:
        stage, block: counted from 1.

    Raises:
        ValueError: no such block, or a global one.
    """
    found = find_block(backbone, stage, block)
    if not isinstance(found, LocalBlock | MobileBlock):
        stages = stages_of(backbone, LocalBlock, MobileBlock)
        has_any = f'stages {stages} of this net have them'
        hint = has_any if stages else 'no stage of this net has any'
        raise ValueError(f'blocks of stage {stage} are global: no local affinity; {hint}')
    return found.attn.weight.detach()[:, 0]


@torch.no_grad()
def stage_maps(backbone: nn.Module, x: Tensor) -> list[Tensor]:
    """Return maps ``(B, C_i, *S_i)`` after the last block of each stage that the net runs.

    Raises:
        ValueError: a net without stages.
    """
    if not isinstance(backbone, UniFormer):
        raise ValueError(f'{type(backbone).__name__} has no stages')
    outs = _outputs(backbone, [backbone.stage(index)[1][-1] for index in range(NUM_STAGES)], x)
    return [out if isinstance(out, Tensor) else out.map for out in outs]


@torch.no_grad()
def layer_maps(backbone: nn.Module, x: Tensor, layers: Sequence[int]) -> list[Tensor]:
    """Return maps ``(B, C, *S)`` of the patches after layers of UniFormerV2's ViT.

    Args:
        layers: counted from 1; the maps come in the order of the net.

    Raises:
        ValueError: another net, or no such layer.
    """
    if not isinstance(backbone, UniFormerV2):
        raise ValueError(f'{type(backbone).__name__} has no layers of a ViT')
    count = last_layer(backbone)
    numbers = sorted({check_number(layer, count, 'layer') for layer in layers})
    blocks = [vit_layer(backbone, number) for number in numbers]
    reshape = as_clip(backbone, x.shape[2:])
    return [reshape(out) for out in _outputs(backbone, blocks, x)]


def quartile_layers(backbone: UniFormerV2) -> list[int]:
    """Return the last layers of the four quarters of a ViT, counted from 1."""
    count = last_layer(backbone)
    return sorted({-(-count * number // 4) for number in range(1, 5)})


def _outputs(backbone: nn.Module, blocks: Sequence[nn.Module], x: Tensor) -> list:
    """Return the outputs of ``blocks`` on ``x``, in the order in which they run."""
    outs: list = []
    handles = [
        block.register_forward_hook(lambda module, inputs, out: outs.append(out))
        for block in blocks
    ]
    run_with_hooks(backbone, x, handles)
    return outs


def channel_mean(maps: Tensor) -> Tensor:
    """Return the mean absolute value over channels of ``(C, *S)``: ``(*S)`` from 0 to 1."""
    return to_unit(maps.abs().mean(0))


def principal_components(maps: Tensor, count: int = 3) -> Tensor:
    """Project the positions of a map ``(C, *S)`` onto its first principal components.

    Returns:
        ``(count, *S)``, each from 0 to 1, in order of decreasing variance. The largest entry
        of each component is positive.

    Raises:
        ValueError: more components than channels or positions.
    """
    x = maps.flatten(1).T.double()  # (N, C)
    if not 1 <= count <= min(x.shape):
        raise ValueError(
            f'{count} components of {x.shape[1]} channels at {x.shape[0]} positions: too many'
        )
    x = x - x.mean(0)
    _, _, axes = torch.linalg.svd(x, full_matrices=False)
    axes = axes[:count]  # (count, C)
    largest = axes.gather(1, axes.abs().argmax(1, keepdim=True))
    projected = (x @ (axes * largest.sign()).T).T
    projected = projected.unflatten(1, maps.shape[1:]).float()
    return torch.stack([to_unit(component) for component in projected])


def to_unit(maps: Tensor) -> Tensor:
    """Stretch to 0 … 1; a constant map becomes 0."""
    low, high = maps.aminmax()
    return (maps - low) / (high - low).clamp_min(torch.finfo(maps.dtype).tiny)
