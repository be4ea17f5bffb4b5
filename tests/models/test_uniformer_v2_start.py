"""New parts of UniFormerV2 start as nothing: layers at zero learn first, what follows them next.

A ViT with new local MHRA starts as the ViT (arXiv 2211.09552, Sec. 3).
"""

import pytest
import torch
import torch.nn.functional as F
from tiny_v2 import BEIT, SSV, clip, seeded

LOCAL = {'local_mhra': 2}  # without halved time: as many frames as the ViT sees
LEAVES = ('weight', 'bias')
# Types of parameters, without the indices of layers and of the two local MHRAs of a layer.
ZERO = {
    *('temporal_cls_token', 'balance', 'dec.attn.in_proj_bias'),
    *(f'{layer}.{leaf}' for layer in ('dec.attn.out_proj', 'dec.mlp.c_proj') for leaf in LEAVES),
    *(f'lmhra.pos_embed.3.{leaf}' for leaf in LEAVES),
    'dpe.bias',
}
# These reach the loss only through a layer that starts at zero.
AFTER_GLOBAL = {
    *('dec.attn.in_proj_weight', 'dec.attn.in_proj_bias', 'dpe.weight', 'dpe.bias'),
    *(f'dec.{norm}.{leaf}' for norm in ('ln_1', 'ln_2', 'ln_3') for leaf in LEAVES),
    *(f'dec.mlp.c_fc.{leaf}' for leaf in LEAVES),
}
AFTER_LOCAL = {f'lmhra.pos_embed.{layer}.{leaf}' for layer in (0, 1, 2) for leaf in LEAVES}
# After the last attention, patches reach the feature only through a global UniBlock.
LAST = tuple(f'transformer.resblocks.3.lmhra2.pos_embed.3.{leaf}' for leaf in LEAVES)


def type_of(name: str) -> str:
    """Remove the indices of blocks: 'transformer.dec.3.ln_1.bias' → 'dec.ln_1.bias'."""
    parts = name.removeprefix('transformer.').split('.')
    if parts[0] == 'resblocks':
        local = parts[2].startswith('lmhra')
        return '.'.join(['lmhra', *parts[3:]] if local else ['vit', *parts[2:]])
    return '.'.join(part for part in parts if not part.isdigit())


def types_of(names) -> set[str]:
    return {type_of(name) for name in names}


class Training:
    """Steps of a net on one clip, without decay: what has no gradient stays as it is."""

    def __init__(self, net):
        self.net = net.train()
        self.weights = torch.randn(2, 32, generator=torch.Generator().manual_seed(3))
        learning = [p for p in net.parameters() if p.requires_grad]
        self.optimizer = torch.optim.SGD(learning, lr=0.1)

    def step(self) -> tuple[set[str], set[str]]:
        """The names that have a gradient, and those that the optimizer then moves."""
        before = {name: p.detach().clone() for name, p in self.net.named_parameters()}
        self.optimizer.zero_grad()
        (self.net(clip()) * self.weights).sum().backward()
        parameters = dict(self.net.named_parameters())
        graded = {
            name for name, p in parameters.items() if p.grad is not None and p.grad.abs().max() > 0
        }
        self.optimizer.step()
        return graded, {n for n, p in parameters.items() if not torch.equal(p, before[n])}


def test_the_layers_that_start_at_zero_are_these():
    net = seeded(**SSV)
    zero = {name for name, p in net.named_parameters() if p.abs().max() == 0}
    norms = {name for name, p in net.named_parameters() if 'ln_' in name or 'proj.0' in name}
    vit = {n for n in zero if type_of(n).startswith('vit.')}
    assert types_of(vit - norms) == {'vit.attn.in_proj_bias', 'vit.attn.out_proj.bias'}
    batch_norms = {name for name in zero if '.pos_embed.0.' in name}  # their biases, as ever
    assert types_of(zero - vit - norms - batch_norms) == ZERO
    # All parameters of these types: no block is left out.
    assert {n for n, _ in net.named_parameters() if type_of(n) in ZERO} <= zero


@pytest.mark.parametrize('training', [False, True])
@pytest.mark.parametrize('arch', [{}, BEIT])
def test_a_vit_with_local_mhra_starts_as_the_vit_to_the_last_bit_in_every_layer(training, arch):
    layers = (0, 1, 2, 3)
    local = seeded(arch=arch, out_indices=layers, **LOCAL).train(training)
    vit = seeded(arch=arch, out_indices=layers).train(training)
    vit.load_state_dict({k: v for k, v in local.state_dict().items() if 'lmhra' not in k})
    for ours, theirs in zip(local(clip()), vit(clip()), strict=True):
        assert torch.equal(ours, theirs)


def test_the_global_token_starts_at_zero_and_no_global_block_moves_it():
    net = seeded(**SSV).train()
    tokens = []
    for block in net.transformer.dec:
        block.register_forward_hook(lambda *call: tokens.append(call[-1]))
    net(clip())
    assert len(tokens) == 4
    assert all(token.shape == (2, 1, 32) and token.abs().max() == 0 for token in tokens)


def test_a_new_net_gives_the_norm_of_half_the_mean_class_token_of_the_vit():
    net = seeded(**SSV).eval()
    tokens, grid = net.embed(clip())
    for index in range(4):
        tokens = net.run_layer(index, tokens, grid)
    expected = F.layer_norm(0.5 * tokens[:, :, 0].mean(1), (32,))
    torch.testing.assert_close(net(clip()), expected, rtol=0, atol=1e-6)


def test_the_global_token_alone_says_nothing_at_first():
    net = seeded(fusion='global', **SSV).train()
    assert torch.equal(net(clip()), torch.zeros(2, 32))  # the LayerNorm of zero is its bias


@pytest.mark.parametrize('fusion', ['balance', 'global'])
def test_the_first_steps_move_the_zero_layers_then_what_follows_them_then_all(fusion):
    training = Training(seeded(fusion=fusion, **SSV))
    names = {name for name, _ in training.net.named_parameters()}
    graded, moved = training.step()
    assert graded == moved
    if fusion == 'balance':
        assert types_of(names - moved - {*LAST}) == AFTER_GLOBAL | AFTER_LOCAL
        assert not moved & {*LAST}
    else:  # the ViT and its local MHRA are read by the global UniBlocks alone
        assert types_of(moved) == {
            *('temporal_cls_token', 'dec.attn.out_proj.weight', 'dec.attn.out_proj.bias'),
            *('dec.mlp.c_proj.weight', 'dec.mlp.c_proj.bias', 'proj.bias'),
        }
    graded, moved = training.step()
    assert graded == moved
    still = names - moved
    assert types_of(still) == AFTER_LOCAL
    graded, moved = training.step()
    assert graded == moved == names
