"""The zoo: finds and identifies released files, and fetches them whole or not at all."""

import dataclasses
import hashlib
import importlib
import json
import re

import pytest
import torch
from commands import refuse_command
from http_site import Site

from mmuniformer import cli
from mmuniformer.cli import zoo as command
from mmuniformer.models import ARCHS
from mmuniformer.weights import find

pytest.importorskip('requests')
NAME = 'uniformer_small_in1k'
FILE = f'{NAME}.pth'


def small_state(classes: int = 1000, **arch) -> dict:
    """Names and widths of a 'small', and hardly any numbers."""
    state = {}
    shape = dataclasses.replace(ARCHS['small'], **arch)
    for stage, (depth, width) in enumerate(zip(shape.depths, shape.dims, strict=True), 1):
        for block in range(depth):
            state[f'blocks{stage}.{block}.pos_embed.weight'] = torch.ones(width, 1, 1, 1)
    return {**state, 'head.weight': torch.arange(classes * 2.0).view(classes, 2)}


def write(path, state) -> bytes:
    torch.save({'model': state}, path)
    return path.read_bytes()


@pytest.fixture
def content(tmp_path) -> bytes:
    return write(tmp_path / 'original.pth', small_state())


@pytest.fixture
def site(content, monkeypatch):
    monkeypatch.setenv('NO_PROXY', '127.0.0.1')
    site = Site(content)
    yield site
    site.close()


@pytest.fixture
def released(site, monkeypatch):
    """uniformer_small_in1k with a link to the local server and the hash of what it serves."""
    row = dataclasses.replace(
        find(NAME),
        url=f'{site.url}/file.pth',
        md5=hashlib.md5(site.content).hexdigest(),
    )
    return use(row, monkeypatch)


def use(row, monkeypatch):
    zoo = importlib.import_module('mmuniformer.weights.zoo')
    monkeypatch.setattr(zoo, 'zoo', lambda: {row.name: row})
    monkeypatch.setattr(zoo, '_by_any_name', lambda: dict.fromkeys(row.names, row))
    return row


def fetch(tmp_path, *options) -> None:
    command.main(['fetch', NAME, '--out', str(tmp_path / 'ckpt'), *options])


def refusal(tmp_path, *options) -> str:
    with pytest.raises((ValueError, OSError)) as error:
        fetch(tmp_path, *options)
    assert cli.is_raised_here(error.value)
    return str(error.value)


def files(tmp_path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (tmp_path / 'ckpt').iterdir()}


def test_a_fetched_file_has_the_bytes_of_the_server_and_the_name_configs_expect(
    released, site, tmp_path, capsys
):
    fetch(tmp_path)
    assert files(tmp_path) == {FILE: site.content}
    assert f'MD5 {released.md5} as released' in capsys.readouterr().out
    fetch(tmp_path)
    assert 'is there already' in capsys.readouterr().out
    assert site.asked == [None]


def test_a_server_that_breaks_off_is_asked_for_the_rest(released, site, tmp_path, capsys):
    site.breaks = [20000, 16500]
    fetch(tmp_path)
    # Blocks that had come whole are kept: of 16384 bytes each.
    assert site.asked == [None, 'bytes=16384-', 'bytes=32768-']
    assert files(tmp_path) == {FILE: site.content}
    assert 'broke off at byte 32768' in capsys.readouterr().err


@pytest.mark.parametrize(
    ('bytes_', 'excess', 'asked'),
    [(700, b'', ['bytes=700-']), (None, b'', ['bytes={}-']), (None, b'more', ['bytes={}-', None])],
    ids=['some', 'all', 'more'],
)
def test_a_part_from_an_earlier_run_is_gone_on_with(
    bytes_, excess, asked, released, site, tmp_path
):
    """A whole part needs no byte, and one that is longer than the file starts again."""
    part = tmp_path / 'ckpt' / f'{FILE}.part'
    part.parent.mkdir()
    part.write_bytes(site.content[:bytes_] + excess)
    length = part.stat().st_size
    fetch(tmp_path)
    assert site.asked == [first and first.format(length) for first in asked]
    assert files(tmp_path) == {FILE: site.content}


def test_a_server_without_ranges_starts_again(released, site, tmp_path):
    site.ranges, site.breaks = False, [20000]
    fetch(tmp_path)
    assert site.asked == [None, 'bytes=16384-']
    assert files(tmp_path) == {FILE: site.content}


def test_a_server_that_sends_nothing_more_is_given_up_and_the_part_kept(released, site, tmp_path):
    site.breaks = [20000, *[0] * 9]
    text = refusal(tmp_path)
    assert 'broke off 4 times at byte 16384' in text and 'goes on from there' in text
    assert files(tmp_path) == {f'{FILE}.part': site.content[:16384]}
    site.breaks = []
    fetch(tmp_path)
    assert files(tmp_path) == {FILE: site.content}


def test_other_contents_than_the_released_are_not_kept(released, site, tmp_path):
    site.content = site.content[:-1] + b'?'
    text = refusal(tmp_path)
    assert f'not of MD5 {released.md5}' in text
    assert 'has changed, or the download is damaged' in text
    assert files(tmp_path) == {}


def test_dead_links_and_dead_servers_name_other_ways(released, site, tmp_path, monkeypatch):
    use(dataclasses.replace(released, url=f'{site.url}/gone.pth'), monkeypatch)
    dead = refusal(tmp_path)
    assert '/gone.pth answers 404 Not Found' in dead
    use(dataclasses.replace(released, url='http://127.0.0.1:1/file.pth'), monkeypatch)
    offline = refusal(tmp_path)
    assert 'cannot be reached' in offline and 'refused' in offline
    for text in (dead, offline):
        assert 'github.com/Sense-X/UniFormer/tree/main/image_classification' in text
        assert 'fetch uniformer_small_in1k --from-file FILE' in text
    assert files(tmp_path) == {}


def test_a_file_without_a_link_names_the_page_and_is_taken_from_the_user(
    released, site, tmp_path, monkeypatch, capsys
):
    use(dataclasses.replace(released, url=None), monkeypatch)
    text = refusal(tmp_path)
    assert 'nobody publishes a direct link to uniformer_small_in1k' in text
    fetch(tmp_path, '--from-file', str(tmp_path / 'original.pth'))
    assert files(tmp_path) == {FILE: site.content}
    assert 'as released' in capsys.readouterr().out
    assert site.asked == []
    assert 'does not exist' in refusal(tmp_path, '--from-file', 'nowhere.pth')


def test_nothing_is_overwritten(released, tmp_path):
    target = tmp_path / 'ckpt' / FILE
    target.parent.mkdir()
    target.write_bytes(b'mine')
    assert 'is there already; move it away' in refusal(tmp_path)
    given = ('--from-file', str(tmp_path / 'original.pth'))
    assert 'is there already and is another file' in refusal(tmp_path, *given)
    assert files(tmp_path) == {FILE: b'mine'}


@pytest.mark.parametrize(
    ('state', 'reason'),
    [
        (small_state(depths=(5, 8, 20, 7)), "it is UniFormer 'base' or UniFormer 'base_dim32'"),
        (small_state(classes=21841), 'it has 21841 classes, and uniformer_small_in1k has 1000'),
        ({'conv1.weight': torch.ones(64, 3, 7, 7)}, 'no backbone of the family'),
    ],
    ids=['other depths', 'other classes', 'other net'],
)
def test_without_a_known_hash_the_contents_decide(state, reason, released, tmp_path, monkeypatch):
    use(dataclasses.replace(released, md5=None), monkeypatch)
    write(tmp_path / 'given.pth', state)
    assert reason in refusal(tmp_path, '--from-file', str(tmp_path / 'given.pth'))
    fetch(tmp_path)
    assert list(files(tmp_path)) == [FILE]


def test_a_page_of_html_is_no_checkpoint(released, site, tmp_path, monkeypatch):
    use(dataclasses.replace(released, md5=None), monkeypatch)
    site.content = b'<html>Sign in</html>'
    assert 'is damaged, or not a file of tensors' in refusal(tmp_path)
    assert files(tmp_path) == {}


def test_check_tells_by_hash_by_contents_or_that_nothing_is_known(
    released, site, tmp_path, capsys, monkeypatch
):
    same, other = tmp_path / 'renamed.bin', tmp_path / 'other.pth'
    same.write_bytes(site.content)
    write(other, small_state(classes=7))
    command.main(['check', str(same)])
    assert 'is the released uniformer_small_in1k' in capsys.readouterr().out
    named = tmp_path / FILE
    write(named, small_state(layer_scale=None))
    named.write_bytes(named.read_bytes() + b' ')
    paths = [str(path) for path in (same, other, named, tmp_path / 'nowhere')]
    assert command.main(['check', *paths]) == 1
    _, of_other, of_named, nowhere = capsys.readouterr().out.splitlines()
    assert "UniFormer 'small' or UniFormer 'small_dim32', 7 classes. Nothing is known" in of_other
    assert f'is NOT that one, whose MD5 {released.md5} differs' in of_named
    assert 'there is no such file' in nowhere
    use(dataclasses.replace(released, md5=None), monkeypatch)
    assert command.main(['check', str(named)]) == 1
    assert (
        'It may be the released uniformer_small_in1k, of which no hash' in capsys.readouterr().out
    )


def test_a_safetensors_copy_holds_the_same_numbers_and_tells_its_origin(
    released, site, tmp_path, capsys
):
    pytest.importorskip('safetensors')
    from mmuniformer.weights import read_checkpoint

    fetch(tmp_path, '--safetensors')
    assert 'load_from, --checkpoint and --resume' in capsys.readouterr().out
    copy = tmp_path / 'ckpt' / 'uniformer_small_in1k.safetensors'
    wanted = small_state()
    found = read_checkpoint(copy)['state_dict']
    assert set(found) == set(wanted)
    assert all(torch.equal(found[key], value) for key, value in wanted.items())
    renamed = copy.rename(copy.with_name('mine.safetensors'))
    assert command.main(['check', str(renamed)]) == 1
    out = capsys.readouterr().out
    assert "UniFormer 'small', 1000 classes. It says that it is a copy of the released" in out


def test_list_filters_by_task_arch_and_words(capsys):
    command.main(['list', '--task', 'video', '--arch', 'base', 'kinetics-600', '--json'])
    rows = json.loads(capsys.readouterr().out)
    assert {row['name'] for row in rows} == {
        'uniformer_base_k600_16x4', 'uniformer_base_k600_16x8', 'uniformer_base_k600_32x4',
    }  # fmt: skip
    command.main(['list'])
    assert '168 of 168 files' in capsys.readouterr().out
    command.main(['list', 'TOP_DOWN 448x320'])
    out = capsys.readouterr().out
    assert '4 of 168 files' in out and 'top_down_448x320_global_base-a05c185f_20230724' in out


def test_show_prints_the_row_and_the_way_to_get_it(capsys):
    command.main(['show', 'uniformer_small_tl_224'])
    out = capsys.readouterr().out
    assert re.search(r'^head_dim +32$', out, re.M) and re.search(r'^value +83.4$', out, re.M)
    assert 'huggingface.co/Sense-X/uniformer_image' in out
    command.main(['show', 'uniformer_small_in1k'])
    assert 'mmuniformer zoo fetch uniformer_small_in1k\n' in capsys.readouterr().out
    with pytest.raises(ValueError, match='did you mean uniformer_small_in1k'):
        command.main(['show', 'uniformer_smal_in1k'])


@pytest.mark.parametrize(
    ('name', 'page'),
    [
        ('mask_rcnn_1x_xs', 'Sense-X/UniFormer/tree/main/object_detection'),
        ('uniformer_small_k400_16x4', 'Sense-X/UniFormer/tree/main/video_classification'),
        ('uniformer_base_in1k', 'Sense-X/UniFormer/tree/main/image_classification'),
        ('top_down_256x192_global_small-d4a7fdac_20230724', 'mmpose/tree/main/projects/uniformer'),
        ('k400_uniformerv2_b16_8x224', 'OpenGVLab/UniFormerV2/blob/main/MODEL_ZOO.md'),
        (
            'uniformerv2-base-p16-res224_clip_8xb32-u8_kinetics400-rgb_20230313-e29fc968',
            'mmaction2/tree/main/configs/recognition/uniformerv2',
        ),
    ],
)
def test_the_page_of_a_file_is_that_of_its_makers(name, page):
    assert find(name).pages[0].endswith(page)


def test_the_command_ends_with_its_status(tmp_path):
    error = refuse_command('zoo', 'fetch', 'fpn_xs', '--out', tmp_path / 'out')
    assert error.startswith('error: nobody publishes a direct link to fpn_xs')
    assert 'semantic_segmentation' in error
