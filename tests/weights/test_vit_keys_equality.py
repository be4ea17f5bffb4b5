"""With new parts as they start, UniFormerV2 is the ViT that a file is of, frame by frame.

ViTs with three types of training: by language (CLIP), by labels (DeiT, timm), by masked images
(MAE, BEiT). All parts that arm the ViT are there.
"""

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F
from small_nets import save
from torch import Tensor, nn
from vit_layouts import BEIT, PLAIN, TINY, randomise

from mmuniformer.models.arch_v2 import ARCHS_V2, ArchV2
from mmuniformer.models.uniformer_v2 import UniFormerV2
from mmuniformer.weights import load_v2

CLIP = {'activation': 'quick_gelu'}
TEXT = {'context_length': 7, 'vocab_size': 11, 'width': 16, 'heads': 2, 'layers': 1}
# From images to the tokens after each layer: [(maps (B, C, H, W), class tokens (B, C)), …].
Layers = Callable[[Tensor], list[tuple[Tensor, Tensor]]]


def assert_starts_as(
    layers_of: Layers, arch, file: str, frames: int = 3, side: int = 32, tolerance: float = 1e-5
) -> None:
    """Maps of every layer and the feature are those that ``layers_of`` gives for each frame."""
    armed = {'arch': arch, 'local_mhra': 2}
    net = UniFormerV2(**armed).eval()
    maps = UniFormerV2(**armed, out_indices=range(net.arch.depth)).eval()
    for each in (net, maps):
        report = load_v2(each, file)
        assert report.coverage == 1 and not report.missing_keys
    torch.manual_seed(5)
    clip = torch.randn(2, 3, frames, side, side)
    with torch.no_grad():
        theirs = [layers_of(clip[:, :, number]) for number in range(frames)]
        for index, found in enumerate(maps(clip)):
            expected = torch.stack([layers[index][0] for layers in theirs], 2)
            scale = expected.std()
            torch.testing.assert_close(found / scale, expected / scale, rtol=0, atol=tolerance)
        token = torch.stack([layers[-1][1] for layers in theirs]).mean(0)
        expected = F.layer_norm(0.5 * token, token.shape[-1:])
        torch.testing.assert_close(net(clip), expected, rtol=0, atol=10 * tolerance)


def layers_of_open_clip(vit: nn.Module) -> Layers:
    def layers(image: Tensor) -> list[tuple[Tensor, Tensor]]:
        found = vit.forward_intermediates(image, intermediates_only=True, output_extra_tokens=True)
        tokens = [prefix[:, 0] for prefix in found['image_intermediates_prefix']]
        return list(zip(found['image_intermediates'], tokens, strict=True))

    return layers


def layers_of_timm(vit: nn.Module) -> Layers:
    def layers(image: Tensor) -> list[tuple[Tensor, Tensor]]:
        found = vit.forward_intermediates(image, intermediates_only=True, return_prefix_tokens=True)
        return [(maps, prefix[:, 0]) for maps, prefix in found]

    return layers


def layers_of_hugging_face(vit: nn.Module) -> Layers:
    def layers(image: Tensor) -> list[tuple[Tensor, Tensor]]:
        found = vit(image, output_hidden_states=True).hidden_states[1:]
        return [(x[:, 1:].transpose(1, 2).unflatten(2, (4, 4)), x[:, 0]) for x in found]

    return layers


def clip_of_open_clip(vision: dict, quick_gelu: bool) -> nn.Module:
    """Image and text tower, as their files hold them."""
    open_clip = pytest.importorskip('open_clip')
    model = open_clip.model.CLIP(16, vision, TEXT, quick_gelu=quick_gelu)
    return randomise(model).eval()


@pytest.mark.parametrize('activation', ['quick_gelu', 'gelu'])
@pytest.mark.parametrize('file', ['both towers', 'image tower'])
def test_it_starts_as_the_clip_of_open_clip_and_openai(activation, file, tmp_path):
    vision = {'layers': 3, 'width': 32, 'head_width': 8, 'patch_size': 8, 'image_size': 32}
    model = clip_of_open_clip(vision, activation == 'quick_gelu')
    state = (model if file == 'both towers' else model.visual).state_dict()
    assert any(key.startswith('visual.') for key in state) == (file == 'both towers')
    arch = {**TINY, 'activation': activation}
    assert_starts_as(layers_of_open_clip(model.visual), arch, save(tmp_path, state))


@pytest.mark.parametrize('file', ['CLIPModel', 'CLIPVisionModel'])
def test_it_starts_as_the_clip_of_hugging_face(file, tmp_path):
    transformers = pytest.importorskip('transformers')
    small = {'hidden_size': 32, 'intermediate_size': 128, 'num_attention_heads': 4}
    vision = {**small, 'num_hidden_layers': 3, 'image_size': 32, 'patch_size': 8}
    if file == 'CLIPModel':
        text = {**small, 'num_hidden_layers': 1, 'vocab_size': 11, 'eos_token_id': 2}
        config = transformers.CLIPConfig(text_config=text, vision_config=vision)
        model = randomise(transformers.CLIPModel(config)).eval()
        vit = model.vision_model
    else:
        model = randomise(transformers.CLIPVisionModel(transformers.CLIPVisionConfig(**vision)))
        vit = model.eval()
    arch = {**TINY, **CLIP}
    assert_starts_as(layers_of_hugging_face(vit), arch, save(tmp_path, model.state_dict()))


def small_timm(form: str) -> nn.Module:
    timm = pytest.importorskip('timm')
    options = {'img_size': 32, 'patch_size': 8, 'embed_dim': 32, 'depth': 3, 'num_heads': 4}
    if form.startswith('beit'):
        shared = {f'use_{"shared_" if form.endswith("shared") else ""}rel_pos_bias': True}
        return timm.models.beit.Beit(**options, **shared, init_values=0.1, use_abs_pos_emb=False)
    if form == 'clip':
        quick = timm.layers.get_act_layer('quick_gelu')
        norm = {'norm_layer': nn.LayerNorm, 'pre_norm': True}  # eps 1e-5, as timm's own CLIPs
        return timm.models.vision_transformer.VisionTransformer(**options, **norm, act_layer=quick)
    scale = {'init_values': 0.1} if form == 'layer scale' else {}
    return timm.models.vision_transformer.VisionTransformer(**options, **scale)


MAE_DECODER = {
    'mask_token': torch.ones(1, 1, 16),
    'decoder_embed.weight': torch.ones(16, 32),
    'decoder_blocks.0.attn.qkv.weight': torch.ones(48, 16),
}
FORMS = {
    'deit': PLAIN, 'layer scale': PLAIN, 'mae': PLAIN, 'clip': CLIP,
    'beit': BEIT, 'beit shared': BEIT,
}  # fmt: skip


@pytest.mark.parametrize('form', FORMS)
def test_it_starts_as_the_vit_of_timm(form, tmp_path):
    vit = randomise(small_timm(form)).eval()
    state = vit.state_dict()
    content = {'model': {**state, **MAE_DECODER}} if form == 'mae' else state
    arch = {**TINY, **FORMS[form]}
    assert_starts_as(layers_of_timm(vit), arch, save(tmp_path, content))


DEPTH = 2  # of the published widths, heads, patches and images


def cut(row: str) -> ArchV2:
    return replace(ARCHS_V2[row], depth=DEPTH)


@pytest.mark.parametrize(
    ('row', 'name'), [('b16', 'ViT-B-16-quickgelu'), ('l14', 'ViT-L-14-quickgelu')]
)
def test_a_row_of_the_table_is_the_clip_of_that_name_in_open_clip(row, name, tmp_path):
    open_clip = pytest.importorskip('open_clip')
    config = open_clip.get_model_config(name)
    vision = {**config['vision_cfg'], 'layers': DEPTH}
    model = clip_of_open_clip(vision, config['quick_gelu'])
    file = save(tmp_path, model.state_dict())
    layers = layers_of_open_clip(model.visual)
    assert_starts_as(layers, cut(row), file, frames=2, side=224, tolerance=1e-4)


@pytest.mark.parametrize(
    ('row', 'name'),
    [
        ('b16_vit', 'vit_base_patch16_224'),
        ('b16_vit', 'deit_base_patch16_224'),
        ('b16_vit', 'vit_base_patch16_224.mae'),
        ('b16_beit', 'beit_base_patch16_224'),
        ('b16', 'vit_base_patch16_clip_quickgelu_224'),
    ],
)
def test_a_row_of_the_table_is_the_vit_of_that_name_in_timm(row, name, tmp_path):
    timm = pytest.importorskip('timm')
    vit = randomise(timm.create_model(name, depth=DEPTH)).eval()
    file = save(tmp_path, vit.state_dict())
    assert_starts_as(layers_of_timm(vit), cut(row), file, frames=2, side=224, tolerance=1e-4)
