"""Small UniFormerV2s, and their image ViTs in the layouts of other projects' files."""

import torch
from small_nets import prefixed
from tiny_v2 import TINY as TINY_V2
from torch import Tensor, nn

from mmuniformer.models.uniformer_v2 import UniFormerV2

TINY = {**TINY_V2, 'depth': 3}
PLAIN = {'pre_norm': False, 'activation': 'gelu', 'norm_eps': 1e-6}
BEIT = {**PLAIN, 'relative_positions': True}
NEW = ('transformer.d', 'transformer.temporal_cls_token', 'transformer.balance', 'transformer.proj')


def build(arch: dict | None = None, **options) -> UniFormerV2:
    return UniFormerV2(arch={**TINY, **(arch or {})}, **options)


def randomise(net: nn.Module) -> nn.Module:
    torch.manual_seed(3)
    for name, tensor in net.state_dict().items():
        if tensor.is_floating_point() and 'running' not in name:
            tensor.copy_(0.3 * torch.randn_like(tensor))
    return net


def vit_of(net: UniFormerV2) -> dict[str, Tensor]:
    """The tensors of the image ViT inside, the patch convolution without time."""
    state = {
        k: v for k, v in net.state_dict().items() if not k.startswith(NEW) and 'lmhra' not in k
    }
    return {**state, 'conv1.weight': state['conv1.weight'].squeeze(2)}


def as_openai(vit: dict) -> dict:
    """Image and text tower; the names of the text tower are those of a bare image tower."""
    heads = {'ln_post.weight': torch.ones(32), 'proj': torch.ones(32, 16)}
    text = {
        'positional_embedding': torch.ones(77, 16),
        'transformer.resblocks.0.ln_1.weight': torch.ones(16),
        'token_embedding.weight': torch.ones(9, 16),
        'logit_scale': torch.ones(()),
    }
    return {**text, **prefixed({**vit, **heads}, 'visual.')}


def as_hugging_face(vit: dict) -> dict:
    names = {
        'class_embedding': 'embeddings.class_embedding',
        'positional_embedding': 'embeddings.position_embedding.weight',
        'conv1.': 'embeddings.patch_embedding.',
        'ln_pre.': 'pre_layrnorm.',
        'transformer.resblocks.': 'encoder.layers.',
    }
    inner = {'ln_': 'layer_norm', 'attn.': 'self_attn.', 'c_fc': 'fc1', 'c_proj': 'fc2'}
    state = {'post_layernorm.weight': torch.ones(32)}
    state['embeddings.position_ids'] = torch.arange(17)[None]
    for key, value in vit.items():
        for ours, theirs in {**names, **inner}.items():
            key = key.replace(ours, theirs)
        parts = value.chunk(3) if 'in_proj' in key else [value]
        for part, tensor in zip('qkv' if len(parts) == 3 else ' ', parts, strict=True):
            state[key.replace('in_proj_', f'{part}_proj.')] = tensor
    return state


def as_timm(vit: dict) -> dict:
    names = {
        'class_embedding': 'cls_token',
        'positional_embedding': 'pos_embed',
        'conv1.': 'patch_embed.proj.',
        'ln_pre.': 'norm_pre.',
        'transformer.resblocks.': 'blocks.',
        'ln_': 'norm',
        'in_proj_': 'qkv.',
        'out_proj': 'proj',
        'c_fc': 'fc1',
        'c_proj': 'fc2',
    }
    state = {'norm.weight': torch.ones(32), 'head.weight': torch.ones(10, 32)}
    for key, value in vit.items():
        value = value[None] if key == 'positional_embedding' else value
        value = value[None, None] if key == 'class_embedding' else value
        for ours, theirs in names.items():
            key = key.replace(ours, theirs)
        state[key] = value
    return state
