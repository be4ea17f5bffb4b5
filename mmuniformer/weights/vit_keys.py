"""Image ViTs of other projects → the parameter names of UniFormerV2, which are CLIP's.

*OpenAI and open_clip* files hold an image and a text tower; the image tower's names begin with
``visual.`` and are ours after it. ``ln_post`` and ``proj`` lead into the space shared with text.

*Hugging Face CLIP* files call the tower ``vision_model`` (``CLIPVisionModel`` of transformers 5
has no prefix), and have separate weights of query, key and value.

*timm, DeiT and MAE* files have the same names. The patch convolution has a bias, which is added to
the positions of the patches; layer scale, if there is one, is folded into the layer before it.
Both are exact. open_clip adds the prefix ``visual.trunk.`` if its tower is timm's. An MAE file may
also hold the decoder.

*BEiT* files are timm's with a bias for query and value only, ``gamma_1`` and ``gamma_2`` for layer
scale, and relative positions: a table per layer, or, straight from pre-training, one for all.
"""

import re
from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from .positions import RELATIVE_TABLE
from .report import FileState
from .validate import check_dtypes

State = dict[str, Tensor]
_BLOCKS = 'transformer.resblocks.'


def vit_state(state: Mapping[str, Tensor]) -> FileState:
    """Rename the tensors of any of the formats.

    Names in a layer that the net does not have are kept, so that loading can refuse them.

    Raises:
        ValueError: it is none of the formats, or a ViT that UniFormerV2 cannot be equal to.
    """
    for convert, prefix, key in _FORMATS:
        if prefix + key in state:
            tower = {k[len(prefix) :]: v for k, v in state.items() if k.startswith(prefix)}
            try:
                result = convert(tower)
            except KeyError as error:
                raise ValueError(f'it looks like a ViT but lacks a tensor, {error}') from error
            result.other_parts += [k for k in state if not k.startswith(prefix)]
            return result
    first = ', '.join(list(state)[:5])
    raise ValueError(
        'it is neither UniFormerV2 nor a ViT of OpenAI CLIP, open_clip, Hugging Face CLIP, timm, '
        f'DeiT, MAE or BEiT; its first names: {first}'
    )


def _split_keys(
    state: Mapping[str, Tensor], heads: tuple[str, ...], others: tuple[str, ...]
) -> FileState:
    result = FileState()
    for key, value in state.items():
        if key.startswith(heads):
            result.heads.append(key)
        elif key.startswith(others):
            result.other_parts.append(key)
        else:
            result.tensors[key] = value
    check_dtypes(result.tensors)
    return result


def _rename_keys(state: State, table: tuple[tuple[str, str], ...]) -> State:
    """Replace the first pattern that a whole name matches; names without a match stay."""
    result = {}
    for key, value in state.items():
        for pattern, name in table:
            if re.fullmatch(pattern, key):
                key = re.sub(pattern, name, key)
                break
        result[key] = value
    return result


def _from_clip(state: State) -> FileState:
    return _split_keys(state, heads=('ln_post.', 'proj'), others=())


_HUGGING_FACE = (
    (r'embeddings\.class_embedding', 'class_embedding'),
    (r'embeddings\.patch_embedding\.weight', 'conv1.weight'),
    (r'embeddings\.position_embedding\.weight', 'positional_embedding'),
    (r'pre_layrnorm\.(\w+)', r'ln_pre.\1'),
    (r'encoder\.layers\.(\d+)\.layer_norm([12])\.(\w+)', rf'{_BLOCKS}\1.ln_\2.\3'),
    (r'encoder\.layers\.(\d+)\.self_attn\.out_proj\.(\w+)', rf'{_BLOCKS}\1.attn.out_proj.\2'),
    (r'encoder\.layers\.(\d+)\.mlp\.fc1\.(\w+)', rf'{_BLOCKS}\1.mlp.c_fc.\2'),
    (r'encoder\.layers\.(\d+)\.mlp\.fc2\.(\w+)', rf'{_BLOCKS}\1.mlp.c_proj.\2'),
    (r'encoder\.layers\.(\d+)\.(.+)', rf'{_BLOCKS}\1.\2'),
)


def _from_hugging_face(state: State) -> FileState:
    result = _split_keys(state, heads=('post_layernorm.',), others=('embeddings.position_ids',))
    tensors = _rename_keys(result.tensors, _HUGGING_FACE)
    for key in [key for key in tensors if '.self_attn.q_proj.' in key]:
        parts = [tensors.pop(key.replace('q_proj', f'{part}_proj')) for part in 'qkv']
        block, leaf = key.split('.self_attn.')[0], key.rsplit('.', 1)[1]
        tensors[f'{block}.attn.in_proj_{leaf}'] = torch.cat(parts)
    result.tensors = tensors
    return result


_TIMM = (
    (r'patch_embed\.proj\.weight', 'conv1.weight'),
    (r'norm_pre\.(\w+)', r'ln_pre.\1'),
    (r'blocks\.(\d+)\.norm([12])\.(\w+)', rf'{_BLOCKS}\1.ln_\2.\3'),
    (r'blocks\.(\d+)\.attn\.qkv\.(\w+)', rf'{_BLOCKS}\1.attn.in_proj_\2'),
    (r'blocks\.(\d+)\.attn\.proj\.(\w+)', rf'{_BLOCKS}\1.attn.out_proj.\2'),
    (r'blocks\.(\d+)\.mlp\.fc1\.(\w+)', rf'{_BLOCKS}\1.mlp.c_fc.\2'),
    (r'blocks\.(\d+)\.mlp\.fc2\.(\w+)', rf'{_BLOCKS}\1.mlp.c_proj.\2'),
    (r'blocks\.(\d+)\.ls([12])\.gamma', rf'{_BLOCKS}\1.gamma_\2'),
    (r'blocks\.(\d+)\.(.+)', rf'{_BLOCKS}\1.\2'),
)
_TIMM_HEADS = ('norm.', 'fc_norm.', 'head', 'lm_head.', 'pre_logits.', 'attn_pool.')
_TIMM_OTHERS = ('decoder', 'mask_token', 'rel_pos_bias.relative_position_index')
_SCALED = {'gamma_1': 'attn.out_proj', 'gamma_2': 'mlp.c_proj'}


def _from_timm(state: State) -> FileState:
    if extra := [key for key in ('dist_token', 'reg_token', 'register_tokens') if key in state]:
        raise ValueError(f'it has {extra[0]}, one more token beside the class token')
    if 'cls_token' not in state:
        raise ValueError('it has no class token, from which UniFormerV2 takes half of its feature')
    result = _split_keys(state, _TIMM_HEADS, _TIMM_OTHERS)
    tensors = _rename_keys(result.tensors, _TIMM)
    _fill_beit(tensors)
    tensors['class_embedding'] = tensors.pop('cls_token').flatten()
    _place_positions(tensors)
    for key in [key for key in tensors if key.rsplit('.', 1)[-1] in _SCALED]:
        block, gamma = key.rsplit('.', 1)
        scale = tensors.pop(key)
        layer = f'{block}.{_SCALED[gamma]}'
        tensors[f'{layer}.weight'] = scale[:, None] * tensors[f'{layer}.weight']
        tensors[f'{layer}.bias'] = scale * tensors[f'{layer}.bias']
    result.tensors = tensors
    return result


def _place_positions(tensors: State) -> None:
    """Give the class token and every patch a position, including the patch convolution's bias.

    BEiT has positions in its attention alone; the number of patches follows from their table.
    """
    bias = tensors.pop('patch_embed.proj.bias', None)
    positions = tensors.pop('pos_embed', None)
    if positions is None:
        table = tensors[f'{_BLOCKS}0.attn.{RELATIVE_TABLE}']
        side = (round((len(table) - 3) ** 0.5) + 1) // 2
        positions = tensors['class_embedding'].new_zeros(1 + side**2, len(tensors['conv1.weight']))
    positions = positions.flatten(0, -2).clone()
    if bias is not None:
        positions[1:] += bias
    tensors['positional_embedding'] = positions


def _fill_beit(tensors: State) -> None:
    """Complete BEiT's layers: a bias for keys too, and a table for each layer."""
    shared = tensors.pop(f'rel_pos_bias.{RELATIVE_TABLE}', None)
    for key in [key for key in tensors if key.endswith('.attn.in_proj_weight')]:
        attention = key.removesuffix('.in_proj_weight')
        q, v = (tensors.pop(f'{attention}.{part}_bias', None) for part in 'qv')
        if q is not None and v is not None:
            tensors[f'{attention}.in_proj_bias'] = torch.cat([q, torch.zeros_like(q), v])
        for buffer in ('k_bias', 'relative_position_index'):
            tensors.pop(f'{attention}.{buffer}', None)
        if shared is not None:
            tensors[f'{attention}.{RELATIVE_TABLE}'] = shared


# Converter, prefix, and the name after it that identifies the format.
_FORMATS: tuple[tuple[Callable[[State], FileState], str, str], ...] = (
    (_from_clip, 'visual.', 'class_embedding'),
    (_from_timm, 'visual.trunk.', 'patch_embed.proj.weight'),
    (_from_hugging_face, 'vision_model.', 'embeddings.patch_embedding.weight'),
    (_from_hugging_face, '', 'embeddings.patch_embedding.weight'),
    (_from_timm, '', 'patch_embed.proj.weight'),
    (_from_clip, '', 'class_embedding'),
)
