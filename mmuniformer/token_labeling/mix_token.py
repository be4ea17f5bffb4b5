"""MixToken: CutMix whose region is made of tokens, for images with token labels."""

import numpy as np
from mmpretrain.models.utils.batch_augments import CutMix
from torch import Tensor


class MixToken:
    """Put a box of each image's reverse partner in its place, in pixels and in labels.

    The partner of the ``i``-th image of a batch is the ``i``-th from the end. Mixing the pixels
    of whole patches is mixing the tokens behind a patch embedding without overlap, which is where
    the released code mixes (LV-ViT: arXiv 2104.10858).

    Args:
        alpha: of the Beta distribution that the kept share of the image is drawn from.
        token_stride: pixels between tokens that have labels.
        patch_stride: pixels between the places that the box's edges are drawn from.
        align: move the edges up and left to the next token, so that tokens are mixed exactly where
            pixels are. The released code moves them for the labels alone.
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
            raise ValueError(f'alpha {alpha} of a Beta distribution is not above 0')
        if patch_stride < 1 or token_stride < 1 or token_stride % patch_stride:
            raise ValueError(
                f'token_stride {token_stride} is no multiple of patch_stride {patch_stride}'
            )
        self.alpha = alpha
        self.token_stride = token_stride
        self.patch_stride = patch_stride
        self.align = align
        self._cutmix = CutMix(alpha)

    def draw_box(self, height: int, width: int) -> tuple[int, int, int, int]:
        """Top, bottom, left and right of a random box, in patches, for images of that size."""
        grid = (height // self.patch_stride, width // self.patch_stride)
        return self._cutmix.rand_bbox(grid, np.random.beta(self.alpha, self.alpha))

    def mix(
        self,
        inputs: Tensor,
        scores: Tensor,
        token_scores: Tensor,
        box: tuple[int, int, int, int],
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Mix with a given box: top, bottom, left, right in patches.

        Args:
            inputs: ``(B, C, H, W)``.
            scores: ``(B, K)``; mixed by the share of tokens that the box covers.
            token_scores: ``(B, K, H / token_stride, W / token_stride)``.

        Raises:
            ValueError: ``token_scores`` do not cover ``inputs``.
        """
        covered = tuple(side * self.token_stride for side in token_scores.shape[2:])
        if covered != tuple(inputs.shape[2:]):
            raise ValueError(
                f'{tuple(token_scores.shape[2:])} tokens of {self.token_stride} pixels do not make '
                f'up images of {tuple(inputs.shape[2:])}'
            )
        ratio = self.token_stride // self.patch_stride
        token_box = tuple(int(edge) // ratio for edge in box)
        if self.align:
            pixel_box = tuple(edge * self.token_stride for edge in token_box)
        else:
            pixel_box = tuple(int(edge) * self.patch_stride for edge in box)
        top, bottom, left, right = token_box
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


def _paste(maps: Tensor, box: tuple[int, int, int, int]) -> Tensor:
    top, bottom, left, right = box
    mixed = maps.clone()
    mixed[:, :, top:bottom, left:right] = maps.flip(0)[:, :, top:bottom, left:right]
    return mixed
