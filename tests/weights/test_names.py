"""Released files by their names: in from_pretrained, init_cfg and wherever a path goes."""

import dataclasses
import hashlib
import importlib
from pathlib import Path

import pytest
import torch
from http_site import Site
from mmengine.config import Config
from small_nets import trained
from tiny_v2 import TINY as TINY_V2

from mmuniformer.models import (
    UniFormer,
    UniFormer3D,
    UniFormerLight,
    UniFormerLight3D,
    UniFormerV2,
)
from mmuniformer.weights import (
    CheckpointError,
    find,
    load_backbone,
    published_files,
    read_checkpoint,
)
from mmuniformer.weights.read import resolve_path

ROOT = Path(__file__).resolve().parents[2]
NAME = 'uniformer_small_in1k'
TINY = {'depths': (1, 1, 1, 1), 'dims': (64, 64, 64, 64), 'head_dim': 64}
CLASSES = {
    cls.__name__: cls
    for cls in (UniFormer, UniFormer3D, UniFormerLight, UniFormerLight3D, UniFormerV2)
}
CLASSIFIER = {'out_indices': 3, 'out_norm': 'batch'}


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch) -> Path:
    """The folder that downloads go to."""
    monkeypatch.setattr(torch.hub, 'get_dir', lambda: str(tmp_path / 'hub'))
    monkeypatch.setenv('NO_PROXY', '127.0.0.1')
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / 'hub' / 'checkpoints'
    folder.mkdir(parents=True)
    return folder


def put(net: torch.nn.Module, path: Path) -> dict[str, torch.Tensor]:
    state = {key: value.clone() for key, value in trained(net).state_dict().items()}
    torch.save({'model': state}, path)
    return state


@pytest.fixture
def released(tmp_path, monkeypatch):
    """A tiny uniformer_small_in1k on a local server: its state dict, the server, a way to edit."""
    state = put(UniFormer(arch=TINY, **CLASSIFIER), tmp_path / 'origin')
    site = Site((tmp_path / 'origin').read_bytes())
    zoo = importlib.import_module('mmuniformer.weights.zoo')

    def use(**changes):
        row = dataclasses.replace(find(NAME), **changes)
        monkeypatch.setattr(zoo, 'zoo', lambda: {row.name: row})
        monkeypatch.setattr(zoo, '_by_any_name', lambda: dict.fromkeys(row.names, row))

    use(url=f'{site.url}/file.pth', md5=hashlib.md5(site.content).hexdigest())
    yield state, site, use
    site.close()


def holds(net: torch.nn.Module, state: dict[str, torch.Tensor]) -> bool:
    return all(torch.equal(value, state[key]) for key, value in net.state_dict().items())


def test_a_name_is_downloaded_once_and_loaded_wherever_a_path_goes(released, cache):
    state, site, _ = released
    net = UniFormer.from_pretrained(NAME, arch=TINY, **CLASSIFIER)
    assert holds(net, state)
    net = UniFormer(arch=TINY, **CLASSIFIER, init_cfg=dict(type='Pretrained', checkpoint=NAME))
    net.init_weights()
    assert holds(net, state)
    net = UniFormer(arch=TINY, **CLASSIFIER)
    assert load_backbone(net, NAME).source == NAME
    assert holds(net, state)
    assert read_checkpoint(NAME)['model'].keys() == state.keys()
    assert site.asked == [None]
    assert resolve_path(NAME) == cache / 'uniformer_small_in1k.pth'


def test_a_load_resolves_the_path_once_and_hashes_the_file_once(tmp_path, monkeypatch):
    calls = []
    for module, function in (('read', 'resolve_path'), ('zoo', '_digests')):
        module = importlib.import_module(f'mmuniformer.weights.{module}')
        original = getattr(module, function)

        def counted(path, original=original):
            calls.append(original.__name__)
            return original(path)

        monkeypatch.setattr(module, function, counted)
    put(UniFormer(arch=TINY), tmp_path / 'mine.pth')
    load_backbone(UniFormer(arch=TINY), tmp_path / 'mine.pth')
    assert calls == ['resolve_path', '_digests']


def test_the_other_processes_wait_for_the_first_to_download(released, monkeypatch):
    _, site, _ = released
    events = []
    pretrained = importlib.import_module('mmuniformer.models.pretrained')
    monkeypatch.setattr(pretrained, 'get_rank', lambda: 1)
    monkeypatch.setattr(pretrained, 'barrier', lambda: events.append(len(site.asked)))
    pretrained.read_once(NAME)
    monkeypatch.setattr(pretrained, 'get_rank', lambda: 0)
    with pytest.raises(FileNotFoundError):
        pretrained.read_once('uniformer_smal_in1k')
    assert events == [0, 1]  # requests before the barrier, which a failed process reaches too


def test_a_local_file_of_the_same_name_takes_precedence(released, tmp_path):
    _, site, _ = released
    mine = put(UniFormer(arch=TINY, **CLASSIFIER), tmp_path / NAME)
    assert resolve_path(NAME) == Path(NAME)
    assert holds(UniFormer.from_pretrained(NAME, arch=TINY, **CLASSIFIER), mine)
    assert site.asked == []


def test_a_download_with_another_hash_is_refused_and_not_kept(released, cache):
    _, _, use = released
    use(md5='0' * 32, url=released[1].url + '/file.pth')
    with pytest.raises(CheckpointError, match='is not uniformer_small_in1k any more, or was dam'):
        UniFormer.from_pretrained(NAME)
    assert list(cache.iterdir()) == []


def test_an_unknown_name_is_refused_with_similar_ones():
    for load in (
        UniFormer.from_pretrained,
        resolve_path,
        lambda name: load_backbone(UniFormer(arch=TINY), name),
        UniFormer(arch=TINY, init_cfg=dict(type='Pretrained', checkpoint='uniformer_smal_in1k')),
    ):
        with pytest.raises(FileNotFoundError, match='did you mean uniformer_small_in1k or '):
            load.init_weights() if isinstance(load, UniFormer) else load('uniformer_smal_in1k')


def test_a_name_without_a_link_says_where_to_get_the_file_and_then_takes_its_path(cache, tmp_path):
    name = 'uniformer_small_plus_in1k'
    with pytest.raises(FileNotFoundError) as refused:
        UniFormer.from_pretrained(name)
    text = str(refused.value)
    assert 'Sense-X/UniFormer/tree/main/image_classification or https://huggingface.co' in text
    assert f'then give its path instead of its name, or put it at {cache / name}.pth' in text
    arch = {**TINY, 'head_dim': 32}
    path = tmp_path / f'{name}.pth'
    state = put(UniFormer(arch=arch, **CLASSIFIER), path)
    assert holds(UniFormer.from_pretrained(path, arch=arch, **CLASSIFIER), state)
    path.rename(cache / path.name)
    assert holds(UniFormer.from_pretrained(name, arch=arch, **CLASSIFIER), state)


def test_every_row_builds_its_net():
    for row in {(row.backbone, str(row.arguments)): row for row in published_files()}.values():
        with torch.device('meta'):
            net = CLASSES[row.backbone](**row.arguments)
        assert net.arch.head_dim == row.head_dim


def test_the_arguments_of_a_row_are_those_of_its_config():
    for toolbox in ('mmdet', 'mmseg', 'mmaction'):
        pytest.importorskip(toolbox)
    keys = {'arch', 'attention', 'window_size', 'fusion', 'temporal_downsample'}
    keys |= {'local_mhra', 'global_layers'}
    defaults = {'attention': 'global', 'window_size': 14, 'fusion': 'balance'}
    paths = {path.stem: path for path in (ROOT / 'configs').glob('[!_]*/*.py')}
    rows = {row.config: row for row in published_files() if row.backbone == 'UniFormerV2'}
    rows |= {row.config: row for row in published_files() if row.task in ('det', 'seg')}
    for name, row in rows.items():
        backbone = Config.fromfile(paths[name]).model.backbone
        found = {key: value for key, value in backbone.items() if key in keys}
        assert {k: v for k, v in found.items() if defaults.get(k) != v} == row.arguments, name


def test_options_of_the_row_are_used_and_can_be_overridden(cache):
    row = find('sthv1_uniformerv2_b16_16x224')
    options = {**row.arguments, 'arch': TINY_V2, 'global_layers': [1, 2]}
    state = put(UniFormerV2(**options), cache / row.file_name)
    net = UniFormerV2.from_pretrained(row.name, arch=TINY_V2, global_layers=[1, 2])
    assert net.temporal_downsample and holds(net, state)
    state = put(UniFormer(arch=TINY), cache / 'mask_rcnn_3x_ms_hybrid_base.pth')
    net = UniFormer.from_pretrained('mask_rcnn_3x_ms_hybrid_base', arch=TINY, window_size=7)
    assert (net.attention, net.window_size) == ('hybrid', 7) and holds(net, state)


def test_a_3d_net_takes_image_files_inflated_and_clips_of_any_length(cache):
    state = put(UniFormer(arch=TINY, **CLASSIFIER), cache / f'{NAME}.pth')
    net = UniFormer3D.from_pretrained(NAME, arch=TINY, inflation='center').eval()
    assert torch.equal(net.patch_embed1.proj.weight[:, :, 1], state['patch_embed1.proj.weight'])
    state = put(net, cache / 'uniformer_small_k400_16x4.pth')
    net = UniFormer3D.from_pretrained('uniformer_small_k400_16x4', arch=TINY).eval()
    assert holds(net, state)
    assert [net(torch.ones(1, 3, frames, 32, 32)).shape[2] for frames in (2, 6)] == [1, 3]


def test_a_file_of_another_class_is_refused_before_it_is_downloaded():
    for cls, name, right in (
        (UniFormer, 'uniformer_small_k400_16x4', 'UniFormer3D'),
        (UniFormerLight3D, NAME, 'UniFormer'),
        (UniFormerV2, 'uniformer_xxs_128_in1k', 'UniFormerLight'),
    ):
        with pytest.raises(ValueError, match=rf'{name} is a {right}; use {right}\.from_pretrained'):
            cls.from_pretrained(name)


def test_a_file_of_ones_own_needs_an_arch(tmp_path):
    state = put(UniFormer(arch=TINY), tmp_path / 'mine.pth')
    with pytest.raises(ValueError, match='mine.pth is not a released file; give arch=… of the net'):
        UniFormer.from_pretrained(tmp_path / 'mine.pth')
    assert holds(UniFormer.from_pretrained(tmp_path / 'mine.pth', arch=TINY), state)
