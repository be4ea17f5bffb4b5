"""The UniBlocks that UniFormerV2 adds to a ViT (arXiv 2211.09552, Sec. 3).

Tokens are ``(B, T, 1 + N, C)``: in every frame the ViT's class token, then ``N`` patches row by
row.
"""

from collections.abc import Callable
from functools import partial
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .activation import QuickGELU
from .attention import count_heads
from .dpe import DPE3d
from .drop_path import DropPath
from .nd import Depthwise3d, batch_norm, pointwise

Activation = Literal['quick_gelu', 'gelu']
ACTIVATIONS: dict[Activation, type[nn.Module]] = {'quick_gelu': QuickGELU, 'gelu': nn.GELU}


class TokenMlp(nn.Module):
    """FFN on tokens ``(..., C)``.

    Args:
        drop: dropout of the hidden tokens.
        out_drop: dropout of the output.
    """

    def __init__(
        self,
        dim: int,
        hidden_dim: int,
        activation: Activation = 'quick_gelu',
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


class TokenAttention(nn.Module):
    """Attention of queries ``(B, M, C)`` to a memory ``(B, N, C)``, by default to themselves.

    Its parameters have the names, shapes and initial values of ``nn.MultiheadAttention``.

    Raises:
        ValueError: ``head_dim`` does not divide ``dim``.
    """

    def __init__(self, dim: int, head_dim: int, attn_drop: float = 0.0, out_drop: float = 0.0):
        super().__init__()
        self.num_heads = count_heads(dim, head_dim)
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
        """Attend; ``bias`` ``(heads, M, N)`` is added to the affinities before the softmax."""
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


def _relative_index(height: int, width: int, *, device: torch.device) -> Tensor:
    """Row of the relative position table for every pair of tokens, ``(1 + N, 1 + N)``."""
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
    return table[_relative_index(height, width, device=table.device)].permute(2, 0, 1)


def init_zero(layer: nn.Module) -> None:
    for parameter in layer.parameters():
        nn.init.zeros_(parameter)


class LocalTemporalMHRA(nn.Module):
    """Local affinity in time of a local UniBlock, on patches ``(B, T, N, C)``.

    The last convolution is initialized to zero, so that a ViT with new local MHRA computes what the
    ViT did. The published files call the convolutions ``pos_embed``.

    Args:
        reduction: the inner width is ``dim / reduction``, rounded down.
        kernel_size: number of frames in the neighborhood, odd.
    """

    def __init__(self, dim: int, reduction: float = 1.5, kernel_size: int = 3):
        super().__init__()
        hidden = int(dim // reduction)
        last = pointwise(3, hidden, dim)
        init_zero(last)
        self.pos_embed = nn.Sequential(
            batch_norm(3, dim),
            pointwise(3, dim, hidden),
            Depthwise3d(hidden, (kernel_size, 1, 1)),
            last,
        )

    def forward(self, x: Tensor) -> Tensor:
        x = x.permute(0, 3, 1, 2).unsqueeze(-1).contiguous()  # (B, C, T, N, 1)
        return self.pos_embed(x).squeeze(-1).permute(0, 2, 3, 1)


class LocalUniBlock(nn.Module):
    """A ViT block with ``local_mhra`` local temporal MHRAs: 0, 1 or 2.

    The first precedes the spatial attention, the second the FFN. They leave class tokens as they
    are.
    """

    def __init__(
        self,
        dim: int,
        *,
        head_dim: int = 64,
        mlp_ratio: float = 4.0,
        activation: Activation = 'quick_gelu',
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
        """The modules that belong to the image ViT."""
        return [self.ln_1, self.attn, self.ln_2, self.mlp]

    def residual(self, x: Tensor, branch: Callable[[Tensor], Tensor]) -> Tensor:
        return self.drop_path.add(x, branch)

    def forward(self, x: Tensor, bias: Tensor | None = None) -> Tensor:
        x = self.temporal_attention(1, x)  # local temporal MHRA
        x = self.residual(x, partial(self.spatial_attention, bias=bias))  # MHRA of the ViT
        x = self.temporal_attention(2, x)  # local temporal MHRA
        return self.residual(x, self.ffn)  # FFN

    def temporal_attention(self, number: int, x: Tensor) -> Tensor:
        if number > self.local_mhra:
            return x
        patches = x[:, :, 1:]
        branch = self.get_submodule(f'lmhra{number}')(patches)
        return torch.cat([x[:, :, :1], patches + self.drop_path(branch)], 2)

    def spatial_attention(self, x: Tensor, bias: Tensor | None) -> Tensor:
        frames = self.ln_1(x).flatten(0, 1)  # (B·T, 1 + N, C)
        return self.attn(frames, bias=bias).view_as(x)

    def ffn(self, x: Tensor) -> Tensor:
        return self.mlp(self.ln_2(x))


class GlobalUniBlock(nn.Module):
    """Cross MHRA: a token per clip, ``(B, 1, C)``, attends to all tokens of all frames.

    The output layers of both branches are initialized to zero. DPE of the tokens comes first and is
    not part of the block: see :func:`add_positions`.

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
            init_zero(layer)

    def forward(self, token: Tensor, memory: Tensor) -> Tensor:
        """Update ``token`` ``(B, 1, C)`` by attention to ``memory`` ``(B, M, C)``."""
        token = self.residual(token, partial(self.cross_attention, memory=memory))  # MHRA
        return self.residual(token, self.ffn)  # FFN

    def residual(self, x: Tensor, branch: Callable[[Tensor], Tensor]) -> Tensor:
        return self.drop_path.add(x, branch)

    def cross_attention(self, token: Tensor, memory: Tensor) -> Tensor:
        return self.attn(self.ln_1(token), self.ln_3(memory))

    def ffn(self, token: Tensor) -> Tensor:
        return self.mlp(self.ln_2(token))


def make_dpe(dim: int) -> DPE3d:
    """DPE of a global UniBlock; its bias is initialized to zero."""
    dpe = DPE3d(dim, 3)
    nn.init.zeros_(dpe.get_parameter('bias'))
    return dpe


def add_positions(dpe: nn.Module, x: Tensor, height: int, width: int) -> Tensor:
    """Apply ``dpe`` to the patches of ``x``, and join all frames: ``(B, T·(1 + N), C)``."""
    patches = dpe(as_maps(x, height, width)).flatten(3).permute(0, 2, 3, 1)  # (B, T, N, C)
    return torch.cat([x[:, :, :1], patches], 2).flatten(1, 2)


def as_maps(x: Tensor, height: int, width: int) -> Tensor:
    """The patches of ``x`` as maps ``(B, C, T, height, width)``."""
    return x[:, :, 1:].unflatten(2, (height, width)).permute(0, 4, 1, 2, 3).contiguous()
