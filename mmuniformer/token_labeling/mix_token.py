"""MixToken: CutMix of whole tokens, for images with token labels."""

from collections.abc import Sequence

import numpy as np
from mmpretrain.models.utils.batch_augments import CutMix
from torch import Tensor


class MixToken:
    """Paste the same box of a partner image into each image of a batch, pixels and labels.

    The partner of the ``i``-th image is the ``i``-th from the end. Mixing the pixels of whole
    patches is the same as mixing tokens after a non-overlapping patch embedding, which is what the
    released code does (LV-ViT: arXiv 2104.10858).

    Args:
        alpha: parameter of the Beta distribution of the share of the image that is kept.
        token_stride: distance in pixels of tokens with labels.
        patch_stride: distance in pixels of the possible edges of the box.
        align: round the edges down to whole tokens, so that pixels and labels are mixed alike. The
            released code rounds them for the labels only.
    """

    def __init__(
        self,
        alpha: float = 1.0,
        *,
        token_stride: int = 32,
        patch_stride: int = 4,
        align: bool = True,
    ):
        if alpha <= 0:
            raise ValueError(f'alpha is {alpha}; it must be greater than 0')
        if patch_stride < 1 or token_stride < 1 or token_stride % patch_stride:
            raise ValueError(
                f'token_stride {token_stride} is not a multiple of patch_stride {patch_stride}'
            )
        self.alpha = alpha
        self.token_stride = token_stride
        self.patch_stride = patch_stride
        self.align = align
        self._cutmix = CutMix(alpha)

    def draw_box(self, height: int, width: int) -> tuple[int, int, int, int]:
        """Draw a random box for images of a size: top, bottom, left and right in patches."""
        grid = (height // self.patch_stride, width // self.patch_stride)
        return self._cutmix.rand_bbox(grid, np.random.beta(self.alpha, self.alpha))

    def mix(
        self,
        inputs: Tensor,
        scores: Tensor,
        token_scores: Tensor,
        box: tuple[int, int, int, int],
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Mix inputs and labels with a given box: top, bottom, left, right in patches.

        Args:
            inputs: ``(B, C, H, W)``.
            scores: ``(B, K)``; weighted by the share of tokens that the box covers.
            token_scores: ``(B, K, H / token_stride, W / token_stride)``.

        Raises:
            ValueError: ``token_scores`` and ``inputs`` differ in size.
        """
        covered = tuple(side * self.token_stride for side in token_scores.shape[2:])
        if covered != tuple(inputs.shape[2:]):
            raise ValueError(
                f'{tuple(token_scores.shape[2:])} tokens of {self.token_stride} pixels do not '
                f'cover images of {tuple(inputs.shape[2:])}'
            )
        ratio = self.token_stride // self.patch_stride
        token_box = top, bottom, left, right = [int(edge) // ratio for edge in box]
        if self.align:
            pixel_box = [edge * self.token_stride for edge in token_box]
        else:
            pixel_box = [int(edge) * self.patch_stride for edge in box]
        other = (bottom - top) * (right - left) / token_scores[0, 0].numel()
        return (
            _paste(inputs, pixel_box),
            (1 - other) * scores + other * scores.flip(0),
            _paste(token_scores, token_box),
        )

    def __call__(
        self, inputs: Tensor, scores: Tensor, token_scores: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        return self.mix(inputs, scores, token_scores, self.draw_box(*inputs.shape[2:]))


def _paste(maps: Tensor, box: Sequence[int]) -> Tensor:
    top, bottom, left, right = box
    mixed = maps.clone()
    mixed[:, :, top:bottom, left:right] = maps.flip(0)[:, :, top:bottom, left:right]
    return mixed
