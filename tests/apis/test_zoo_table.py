"""The table of released files against the paper's numbers, the configs and the nets."""

import dataclasses
import hashlib
import re
from collections import Counter, defaultdict
from functools import cache
from pathlib import Path

import pytest
import torch
from mmengine.config import Config

from mmuniformer.apis.reproduction.published import read_numbers
from mmuniformer.models import (
    ARCHS,
    UniFormer,
    UniFormer3D,
    UniFormerLight,
    UniFormerLight3D,
    UniFormerV2,
)
from mmuniformer.models.arch_light import LIGHT_ARCHS
from mmuniformer.models.arch_v2 import ARCHS_V2
from mmuniformer.weights.head_dim import AMBIGUOUS_ARCHS
from mmuniformer.weights.zoo import find, find_by_name, identify, published_files, zoo

ROOT = Path(__file__).resolve().parents[2]
ROWS = list(published_files())
BACKBONES = {
    cls.__name__: (cls, table)
    for cls, table in (
        (UniFormer, ARCHS),
        (UniFormer3D, ARCHS),
        (UniFormerLight, LIGHT_ARCHS),
        (UniFormerLight3D, LIGHT_ARCHS),
        (UniFormerV2, ARCHS_V2),
    )
}
METRICS = {'image': 'top1', 'video': 'top1', 'det': 'box_AP', 'seg': 'mIoU', 'pose': 'AP'}


def of(task: str, *backbones: str) -> list:
    return [r for r in ROWS if r.task == task and (not backbones or r.backbone in backbones)]


def test_every_released_file_is_there():
    # 22 classifiers and 2 of mmaction2; 39 and 3; 8; 18 rows of 10 files; 6 and 6 of mmpose.
    assert Counter(row.task for row in ROWS if row.backbone != 'UniFormerV2') == {
        'image': 24, 'video': 42, 'det': 8, 'seg': 10, 'pose': 12,
    }  # fmt: skip
    # 49 of the authors, 23 of mmaction2.
    assert len(of('video', 'UniFormerV2')) == 72
    assert len(zoo()) == len(ROWS) == 168


def test_no_two_files_share_a_name_or_a_hash():
    names = [name for row in ROWS for name in set(row.names)]
    hashes = [value for row in ROWS for value in (row.md5, row.sha256, row.url) if value]
    assert max(Counter(names).values()) == max(Counter(hashes).values()) == 1


def test_rows_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        ROWS[0].head_dim = 32
    with pytest.raises(TypeError):
        zoo()['mine'] = ROWS[0]


def test_arch_and_head_dim_are_those_of_the_nets():
    for row in ROWS:
        assert BACKBONES[row.backbone][1][row.arch].head_dim == row.head_dim, row.name


def test_nets_released_with_two_sizes_of_heads_are_told_apart():
    for depths, twins in AMBIGUOUS_ARCHS.items():
        for head_dim, arch in twins.items():
            assert (ARCHS[arch].depths, ARCHS[arch].head_dim) == (depths, head_dim)
    shapes = {}
    for row in of('image', 'UniFormer'):
        arch = ARCHS[row.arch]
        shapes.setdefault(arch.depths, set()).add(arch.head_dim)
    assert {depths for depths, dims in shapes.items() if len(dims) > 1} == set(AMBIGUOUS_ARCHS)


def test_hashes_are_hexadecimal_and_agree_with_the_names_that_hold_them():
    for row in ROWS:
        assert row.md5 is None or re.fullmatch('[0-9a-f]{32}', row.md5)
        assert row.sha256 is None or re.fullmatch('[0-9a-f]{8}|[0-9a-f]{64}', row.sha256)
        if row.sha256 and len(row.sha256) == 8:
            assert f'-{row.sha256}' in row.file
        if row.url:
            assert row.url.startswith('https://') and row.url.endswith(f'/{row.file}')


def test_files_that_the_makers_hash_into_the_name_are_held_to_it():
    hashed = re.compile(r'-([0-9a-f]{8})(_\d{8})?\.pth$')
    without = [row.name for row in ROWS if row.file and hashed.search(row.file) and not row.sha256]
    assert without == []
    # mmaction2's metafile gives one file the digits of another; its README tells them apart.
    large = 'uniformerv2-large-p14-res{}_clip-kinetics710-pre_u{}_kinetics700-rgb_20221219-{}'
    assert find(large.format(224, 8, 'bfb9f401')).sha256 == 'bfb9f401'
    assert find(f'{large.format(336, 32, "bfb9f401")}.pth').sha256 == '95cf9046'


def test_every_metric_is_printed_where_the_row_says():
    printed = {(line['source'], line['value']) for line in read_numbers()}
    for row in ROWS:
        if row.value is None:
            assert row.metric is row.source is None
            continue
        assert row.metric == METRICS[row.task]
        texts = {f'{row.value:.1f}', f'{row.value:g}', f'{row.value:.2f}'}
        assert any((row.source, text) in printed for text in texts), row.name


def test_as_many_files_have_a_metric_as_the_sources_print():
    counts = Counter(row.source for row in ROWS)
    printed = {
        'image_classification': 22, 'video_classification': 39, 'object_detection': 8,
        'semantic_segmentation': 10, 'pose_estimation': 6, 'mmpose projects/uniformer': 6,
    }  # fmt: skip
    assert {name: counts[f'README {name}'] for name in printed} == printed


def test_parameters_are_those_of_the_tables():
    """In millions, as printed beside the metric; classifiers of token labels have two heads."""
    printed = defaultdict(list)
    for line in read_numbers():
        if line['params_M']:
            printed[line['source'], line['value']].append(line['params_M'])
    compared = 0
    for row in ROWS:
        if row.params is None or not row.value or row.backbone == 'UniFormerV2':
            continue
        millions, texts = row.params / 1e6, printed[row.source, f'{row.value:.1f}']
        for text in texts:
            tolerance = 10 ** -len(text.partition('.')[2])
            assert any(
                abs(millions - float(other)) <= max(0.06 * float(other), tolerance)
                for other in texts
            ), (row.name, row.params, text)
            compared += 1
    assert compared > 60


@cache
def net_size(backbone: str, arch: str) -> tuple[int, int]:
    """Parameters of a classifier's backbone, and channels of its last map."""
    options = {'out_cls_token': True} if 'Light' in backbone else {}
    with torch.device('meta'):
        net = BACKBONES[backbone][0](arch=arch, out_indices=3, out_norm='batch', **options)
    return sum(parameter.numel() for parameter in net.parameters()), net.out_channels[-1]


def test_parameters_of_a_classifier_are_those_of_net_and_heads():
    for row in ROWS:
        if row.backbone == 'UniFormerV2' or row.task not in ('image', 'video') or not row.params:
            continue
        size, channels = net_size(row.backbone, row.arch)
        heads = 2 if 'Light' in row.backbone or '_tl_' in row.name else 1
        assert row.params == size + heads * (channels + 1) * row.classes, row.name


def test_every_config_named_is_there_and_builds_the_same_net():
    paths = {path.stem: path for path in (ROOT / 'configs').glob('[!_]*/*.py')}
    named = {row.config: row for row in ROWS if row.config}
    assert not set(named) - set(paths)
    for name in ('uniformer_s_tl_in1k', 'fpn_uniformer_b_g_80k', 'uniformer_xxs_4_128_k400'):
        assert Config.fromfile(paths[name]).model.backbone.arch == named[name].arch
    assert {row.config for row in of('det', 'UniFormer')} < set(paths)


def test_every_released_file_that_a_config_starts_from_is_in_the_table():
    checkpoints = set()
    for path in (ROOT / 'configs').rglob('*.py'):
        text = path.read_text()
        checkpoints |= set(re.findall(r"['\"]([^'\"\s]+\.(?:pth|pyth))['\"]", text))
        checkpoints |= set(re.findall(r"weights='(uniformer[^'/]+)'", text))
    # Others: what trainings of a config here write, called like it; ablations, of which nobody
    # released anything; and CLIP.
    own = tuple(path.stem for path in (ROOT / 'configs').glob('[!_]*/*.py'))
    others = re.compile(r'work_dirs/|_abl_|vit-\w+-p\d+-res\d+_clip')
    released = {
        name
        for name in checkpoints
        if not others.search(name) and not Path(name).name.startswith(own)
    }
    assert len(released) >= 20
    assert sorted(name for name in released if find_by_name(name) is None) == []


def test_a_file_is_found_by_any_of_its_names():
    row = find('uniformer_small_in1k')
    assert (row.arch, row.head_dim, row.params, row.value) == ('small', 64, 21545256, 82.9)
    assert find('checkpoints/uniformer_small_in1k.pth') is row
    assert find(row.url) is row
    assert find('k400+k710_uniformerv2_b16_8x224.pyth').name == 'k400_k710_uniformerv2_b16_8x224'


def test_an_unknown_name_is_refused_with_the_names_like_it():
    with pytest.raises(ValueError, match='did you mean uniformer_small_in1k'):
        find('uniformer_smal_in1k')
    with pytest.raises(ValueError, match=r"'resnet50'$"):
        find('resnet50')
    assert find_by_name('resnet50.pth') is None


def test_a_file_is_identified_by_its_contents(tmp_path, monkeypatch):
    assert identify('F122AB0DDE94B1D73AC00D2C5359A610').name == 'uniformer_small_in1k'
    assert identify('fe0a7ae0' + '0' * 56).name == 'uniformer_small_in1k_20221219-fe0a7ae0'
    assert identify('0' * 64) is None
    path = tmp_path / 'renamed.pth'
    path.write_bytes(b'weights')
    assert identify(path) is None
    known = dataclasses.replace(
        find('uniformer_base_tl_224'), md5=hashlib.md5(b'weights').hexdigest()
    )
    monkeypatch.setattr('mmuniformer.weights.zoo.zoo', lambda: {known.name: known})
    assert identify(path) is identify(str(path)) is known
    with pytest.raises(FileNotFoundError):
        identify(tmp_path / 'nowhere.pth')
