"""The UniBlocks with which UniFormerV2 arms a ViT (arXiv 2211.09552, Sec. 3).

Tokens are ``(B, T, 1 + N, C)``: in every frame the ViT's class token, then
``N`` patches row by row.
"""

from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .activation import GELU, QuickGELU
from .depthwise import depthwise
from .drop_path import DropPath
from .fuse import fold_norm, fold_scale
from .nd import batch_norm, pointwise

ACTIVATIONS = {'quick_gelu': QuickGELU, 'gelu': GELU}


class TokenMlp(nn.Module):
    """FFN on tokens ``(..., C)``.

    Args:
        drop: dropout of the hidden tokens.
        out_drop: dropout of the result.
    """

    def __init__(
        self,
        dim: int,
        hidden_dim: int,
        activation: str = 'quick_gelu',
        drop: float = 0.0,
        out_drop: float = 0.0,
    ):
        super().__init__()
        self.c_fc = nn.Linear(dim, hidden_dim)
        self.act = ACTIVATIONS[activation]()
        self.drop = nn.Dropout(drop)
        self.c_proj = nn.Linear(hidden_dim, dim)
        self.out_drop = nn.Dropout(out_drop)

    def forward(self, x: Tensor) -> Tensor:
        return self.out_drop(self.c_proj(self.drop(self.act(self.c_fc(x)))))

    @torch.no_grad()
    def fuse(self) -> None:
        """Fold the slope of QuickGELU into the layers around it; for inference alone."""
        if isinstance(self.act, QuickGELU):
            fold_scale(self.c_fc.weight.new_tensor(QuickGELU.slope), self.c_fc)
            self.c_proj.weight.div_(QuickGELU.slope)
            self.act = nn.SiLU(inplace=True)


class TokenAttention(nn.Module):
    """Attention of queries ``(B, M, C)`` to a memory ``(B, N, C)``, or to themselves.

    Its parameters have the names, shapes and initial values of ``nn.MultiheadAttention``.

    Raises:
        ValueError: ``head_dim`` does not divide ``dim``.
    """

    def __init__(self, dim: int, head_dim: int, attn_drop: float = 0.0, out_drop: float = 0.0):
        super().__init__()
        if head_dim < 1 or dim % head_dim:
            raise ValueError(
                f'head_dim {head_dim} does not divide {dim} channels; the released models use 64'
            )
        self.num_heads = dim // head_dim
        self.attn_drop = attn_drop
        self.in_proj_weight = nn.Parameter(torch.empty(3 * dim, dim))
        self.in_proj_bias = nn.Parameter(torch.zeros(3 * dim))
        self.out_proj = nn.Linear(dim, dim)
        self.out_drop = nn.Dropout(out_drop)
        nn.init.xavier_uniform_(self.in_proj_weight)
        nn.init.zeros_(self.out_proj.bias)

    def forward(
        self, query: Tensor, memory: Tensor | None = None, bias: Tensor | None = None
    ) -> Tensor:
        """``bias``, ``(heads, M, N)``, is added to the affinities before the softmax."""
        C = query.shape[-1]
        if memory is None:
            q, k, v = F.linear(query, self.in_proj_weight, self.in_proj_bias).chunk(3, -1)
        else:
            q = F.linear(query, self.in_proj_weight[:C], self.in_proj_bias[:C])
            k, v = F.linear(memory, self.in_proj_weight[C:], self.in_proj_bias[C:]).chunk(2, -1)
        q, k, v = (x.unflatten(-1, (self.num_heads, -1)).transpose(1, 2) for x in (q, k, v))
        if bias is not None:
            bias = bias.to(q.dtype)
        drop = self.attn_drop if self.training else 0.0
        x = F.scaled_dot_product_attention(q, k, v, attn_mask=bias, dropout_p=drop)
        return self.out_drop(self.out_proj(x.transpose(1, 2).flatten(2)))


def _relative_index(height: int, width: int, device: torch.device) -> Tensor:
    """Row of a relative position table for every pair of tokens, ``(1 + N, 1 + N)``."""
    rows, columns = (torch.arange(n, device=device) for n in (height, width))
    down = rows[:, None] - rows + height - 1
    right = columns[:, None] - columns + width - 1
    pairs = down[:, None, :, None] * (2 * width - 1) + right[None, :, None, :]
    distances = (2 * height - 1) * (2 * width - 1)
    index = F.pad(pairs.flatten(2).flatten(0, 1), (1, 0, 1, 0), value=distances + 1)
    index[0] = distances  # from the class token; distances + 1 is to it, + 2 to itself
    index[0, 0] = distances + 2
    return index


def relative_bias(table: Tensor, height: int, width: int) -> Tensor:
    """Attention bias ``(heads, 1 + N, 1 + N)`` of ``height × width`` patches, as BEiT has it.

    ``table``, ``((2·height - 1)·(2·width - 1) + 3, heads)``, has a row for each displacement and
    three for the class token: from it, to it, to itself.
    """
    return table[_relative_index(height, width, table.device)].permute(2, 0, 1)


class LocalTemporalMHRA(nn.Module):
    """Local UniBlock's affinity, a learnt neighbourhood in time, on patches ``(B, T, N, C)``.

    The last convolution starts at zero: an armed ViT starts as the ViT it was. In the published
    files the convolutions are called ``pos_embed``.

    Args:
        reduction: the inner width is ``dim / reduction``, rounded down.
        kernel_size: frames that see each other, an odd number.
    """

    def __init__(self, dim: int, reduction: float = 1.5, kernel_size: int = 3):
        super().__init__()
        hidden = int(dim // reduction)
        self.pos_embed = nn.Sequential(
            batch_norm(3, dim),
            pointwise(3, dim, hidden),
            depthwise(3, hidden, (kernel_size, 1, 1)),
            pointwise(3, hidden, dim),
        )
        nn.init.zeros_(self.pos_embed[-1].weight)
        nn.init.zeros_(self.pos_embed[-1].bias)

    def forward(self, x: Tensor) -> Tensor:
        x = x.permute(0, 3, 1, 2).unsqueeze(-1).contiguous()  # (B, C, T, N, 1)
        return self.pos_embed(x).squeeze(-1).permute(0, 2, 3, 1)

    def fuse(self) -> None:
        """Fold the BatchNorm into the convolution behind it; for inference alone."""
        fold_norm(self.pos_embed[0], self.pos_embed[1])
        self.pos_embed[0] = nn.Identity()


class LocalUniBlock(nn.Module):
    """A ViT block, armed with local temporal MHRA ``local_mhra`` times: 0, 1 or 2.

    One goes in front of the spatial attention, the second in front of the FFN. Class tokens pass
    them by.
    """

    def __init__(
        self,
        dim: int,
        *,
        head_dim: int = 64,
        mlp_ratio: float = 4.0,
        activation: str = 'quick_gelu',
        norm_eps: float = 1e-5,
        local_mhra: int = 0,
        local_reduction: float = 1.5,
        local_kernel_size: int = 3,
        drop: float = 0.0,
        attn_drop: float = 0.0,
        drop_path: float = 0.0,
    ):
        super().__init__()
        for number in range(1, local_mhra + 1):
            self.add_module(
                f'lmhra{number}', LocalTemporalMHRA(dim, local_reduction, local_kernel_size)
            )
        self.local_mhra = local_mhra
        self.ln_1 = nn.LayerNorm(dim, eps=norm_eps)
        self.attn = TokenAttention(dim, head_dim, attn_drop, drop)
        self.ln_2 = nn.LayerNorm(dim, eps=norm_eps)
        self.mlp = TokenMlp(dim, int(dim * mlp_ratio), activation, drop, drop)
        self.drop_path = DropPath(drop_path)

    def vit(self) -> list[nn.Module]:
        """What of the block is the image ViT's."""
        return [self.ln_1, self.attn, self.ln_2, self.mlp]

    def relate_frames(self, number: int, x: Tensor) -> Tensor:
        if number > self.local_mhra:
            return x
        patches = x[:, :, 1:]
        branch = self.get_submodule(f'lmhra{number}')(patches)
        return torch.cat([x[:, :, :1], patches + self.drop_path(branch)], 2)

    def relate_patches(self, x: Tensor, bias: Tensor | None) -> Tensor:
        frames = self.ln_1(x).flatten(0, 1)  # (B·T, 1 + N, C)
        return self.attn(frames, bias=bias).view_as(x)

    def forward(self, x: Tensor, bias: Tensor | None = None) -> Tensor:
        x = self.relate_frames(1, x)  # local temporal MHRA
        x = self.drop_path.add(x, partial(self.relate_patches, bias=bias))  # the ViT's attention
        x = self.relate_frames(2, x)  # local temporal MHRA
        return self.drop_path.add(x, lambda x: self.mlp(self.ln_2(x)))  # FFN


class GlobalUniBlock(nn.Module):
    """Cross MHRA: a token per clip, ``(B, 1, C)``, reads all tokens of all frames ``(B, M, C)``.

    Both branches start at zero. DPE of the memory is not part of the block: see :func:`with_dpe`.

    Args:
        drop: dropout of the FFN's hidden tokens.
    """

    def __init__(
        self,
        dim: int,
        *,
        head_dim: int = 64,
        mlp_ratio: float = 4.0,
        drop: float = 0.0,
        drop_path: float = 0.0,
    ):
        super().__init__()
        self.ln_1 = nn.LayerNorm(dim)
        self.ln_2 = nn.LayerNorm(dim)
        self.ln_3 = nn.LayerNorm(dim)
        self.attn = TokenAttention(dim, head_dim)
        self.mlp = TokenMlp(dim, round(dim * mlp_ratio), drop=drop)
        self.drop_path = DropPath(drop_path)
        nn.init.xavier_uniform_(self.mlp.c_fc.weight)
        for layer in (self.attn.out_proj, self.mlp.c_proj):
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)

    def forward(self, token: Tensor, memory: Tensor) -> Tensor:
        token = token + self.drop_path(self.attn(self.ln_1(token), self.ln_3(memory)))
        return token + self.drop_path(self.mlp(self.ln_2(token)))


def make_dpe(dim: int) -> nn.Module:
    """The depthwise 3×3×3 convolution of a global UniBlock, without bias at first."""
    dpe = depthwise(3, dim, 3)
    nn.init.zeros_(dpe.bias)
    return dpe


def with_dpe(dpe: nn.Module, x: Tensor, height: int, width: int, *, fused: bool = False) -> Tensor:
    """Add their position to the patches of ``x`` and line all frames up: ``(B, T·(1 + N), C)``.

    ``fused``: ``dpe`` adds them by itself.
    """
    maps = as_maps(x, height, width)
    patches = dpe(maps).flatten(3).permute(0, 2, 3, 1)  # (B, T, N, C)
    if not fused:
        patches = x[:, :, 1:] + patches
    return torch.cat([x[:, :, :1], patches], 2).flatten(1, 2)


def as_maps(x: Tensor, height: int, width: int) -> Tensor:
    """The patches of ``x`` as maps ``(B, C, T, height, width)``."""
    return x[:, :, 1:].unflatten(2, (height, width)).permute(0, 4, 1, 2, 3).contiguous()
