"""Where a net looks: Grad-CAM (arXiv 1610.02391) of any stage, as in Fig. 8 of the paper."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from ..layers.blocks_v2 import as_maps
from ..models import UniFormerLight, UniFormerV2
from ..models.uniformer import NUM_STAGES, UniFormer

Target = Callable[[Any], Tensor]


class BoxScores:
    """Target for a detector: the sum of the scores of all boxes found, or of those of a class.

    grad-cam's own target of boxes moves them to the GPU whenever there is one, wherever the net is.
    """

    def __init__(self, category: int | None = None):
        self.category = category

    def __call__(self, found: dict[str, Tensor]) -> Tensor:
        """``found`` has ``scores`` ``(n,)`` and ``labels`` ``(n,)`` of one image."""
        scores = found['scores']
        if self.category is not None:
            scores = scores[found['labels'] == self.category]
        return scores.sum()


class KeypointPeaks:
    """Target for heatmaps ``(K, H, W)``: the sum of the peaks of all keypoints, or that of one."""

    def __init__(self, keypoint: int | None = None):
        self.keypoint = keypoint

    def __call__(self, heatmaps: Tensor) -> Tensor:
        peaks = heatmaps.flatten(1).amax(1)
        return peaks.sum() if self.keypoint is None else peaks[self.keypoint]


def cam_layer(backbone: nn.Module, stage: int | None = None) -> nn.Module:
    """Return the layer whose maps a CAM weighs: the last of a stage, or one of UniFormerV2's ViT.

    Args:
        stage: counted from 1, by default the last; of UniFormerV2, a layer, by default the last
            whose patches are read.

    Raises:
        ValueError: there is no such stage, or it has no map of its own.
    """
    if isinstance(backbone, UniFormerV2):
        read = backbone.global_layers if backbone.out_indices is None else backbone.out_indices
        number = 1 + read[-1] if stage is None else stage
        number = check_number(number, last_layer(backbone), 'layer')
        return vit_layer(backbone, number)
    if not isinstance(backbone, UniFormer):
        raise ValueError(f'{type(backbone).__name__} has no stages')
    number = check_number(stage, NUM_STAGES, 'stage')
    if isinstance(backbone, UniFormerLight) and number > 2:
        # Blocks return a class token and scores with the map; the norm after them the map alone.
        if number - 1 not in backbone.out_indices:
            stages = ', '.join(str(index + 1) for index in backbone.out_indices)
            raise ValueError(f'of this light net there are CAMs of the stages it returns: {stages}')
        name = 'norm' if backbone.out_norm == 'batch' else f'norm{number}'
        return backbone.get_submodule(name)
    return backbone.stage(number - 1)[1][-1]


def vit_layer(backbone: UniFormerV2, number: int) -> nn.Module:
    """Return a layer of the ViT, counted from 1."""
    return backbone.get_submodule(f'transformer.resblocks.{number - 1}')


def check_number(number: int | None, count: int, noun: str) -> int:
    """Return ``number``, by default the last.

    Raises:
        ValueError: it is not between 1 and ``count``.
    """
    if number is None:
        return count
    if not 1 <= number <= count:
        raise ValueError(f'there is no {noun} {number}; {noun}s are counted from 1 to {count}')
    return number


def last_layer(backbone: UniFormerV2) -> int:
    """Return the last layer of the ViT that runs, counted from 1."""
    return backbone.arch.depth if backbone.out_indices is None else 1 + backbone.out_indices[-1]


def as_clip(backbone: UniFormerV2, size: Sequence[int]) -> Callable[[Tensor], Tensor]:
    """Return a function that reshapes tokens of UniFormerV2 to maps of its frames.

    Tokens are ``(B, T, 1 + N, C)``; maps ``(B, C, T, H, W)``, or ``(B, C, H, W)`` of an image.

    Args:
        size: of the input, ``(H, W)`` or ``(T, H, W)``.
    """
    grid = tuple(side // backbone.arch.patch_size for side in size[-2:])

    def reshape(tokens: Tensor) -> Tensor:
        maps = as_maps(tokens, *grid)
        return maps.squeeze(2) if len(size) == 2 else maps

    return reshape


def grad_cam(
    net: nn.Module,
    layer: nn.Module,
    x: Tensor,
    targets: Sequence[Target],
    reshape: Callable[[Tensor], Tensor] | None = None,
) -> Tensor:
    """Compute Grad-CAMs: positive parts of maps, weighted by the means of their gradients.

    Args:
        net: whose outputs are one per sample: logits ``(B, classes)``, heatmaps, or a list.
        layer: its maps are weighed; see :func:`cam_layer`.
        x: ``(B, C, H, W)`` or clips ``(B, C, T, H, W)``.
        targets: one per sample; takes an output and returns what the gradient is of.
        reshape: makes maps of what the layer returns.

    Returns:
        ``(B, H, W)`` or ``(B, T, H, W)``, each from 0 to 1; all 0 if nothing in the map speaks for
        the target.

    Raises:
        ValueError: not as many targets as samples, or nothing to have a gradient of.
        ImportError: grad-cam is not installed.
    """
    from pytorch_grad_cam import GradCAM  # it loads scikit-learn, which takes seconds

    if len(targets) != len(x):
        raise ValueError(f'{len(x)} samples need as many targets, got {len(targets)}')
    # Frozen stages have no gradients of their own, and a CAM needs those of their maps.
    x = x.detach().requires_grad_(True)
    cam = GradCAM(net, [layer], reshape)  # not as a context, which swallows an IndexError
    try:
        with torch.enable_grad():
            heat = cam(x, list(targets))
    except RuntimeError as error:
        if 'does not require grad' not in str(error):
            raise
        raise ValueError('the target does not depend on the input: there is nothing to explain'
                         ) from error  # fmt: skip
    except AttributeError as error:  # the library looks for the gradient of a map that has none
        if cam.activations_and_grads.gradients:
            raise
        raise ValueError('the target does not depend on the maps of this layer; take another'
                         ) from error  # fmt: skip
    finally:
        cam.activations_and_grads.release()
        net.zero_grad(set_to_none=True)
    return torch.from_numpy(heat)
