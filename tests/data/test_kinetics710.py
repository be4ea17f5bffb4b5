"""Kinetics-710: every rule on lists that are short enough to merge by hand."""

import json
import re
from pathlib import Path

import pytest
import torch
from torch import nn

from mmuniformer.cli import make_k710, permute_head
from mmuniformer.models.uniformer_v2 import UniFormerV2
from mmuniformer.weights.class_names import K710_PARTS, class_names, k710_rows

# Of the three sets together: run, jump, sit, making the bed, swim, fly, dance.
MERGED = ['run', 'jump', 'sit', 'making the bed', 'swim', 'fly', 'dance']
CLASSES = {
    'k400': ['run', 'jump', 'sit', 'making bed'],
    'k600': ['jump', 'making the bed', 'swim', 'run', 'fly'],
    'k700': ['fly', 'sit', 'run', 'dance', 'swim', 'making the bed'],
}
ROWS = {'k400': [0, 1, 2, 3], 'k600': [1, 3, 4, 0, 5], 'k700': [5, 2, 0, 6, 4, 3]}
# Class, letter of the video's id, second at which the clip starts.
TRAIN = {
    'k400': [
        ('run', 'a', 1),
        ('jump', 'b', 1),
        ('sit', 'c', 1),  # leaks into k700
        ('making bed', 'd', 1),
        ('run', 'a', 1),  # twice in its own list
    ],
    'k600': [
        ('jump', 'b', 1),  # as in k400
        ('swim', 'e', 1),
        ('run', 'a', 50),  # another clip of a video in k400
        ('fly', 'd', 1),  # in k400 under another class
        ('making the bed', 'f', 1),  # leaks into k400
    ],
    'k700': [
        ('dance', 'g', 1),
        ('swim', 'e', 1),  # as in k600
        ('fly', 'h', 1),
        ('sit', 'i', 90),  # leaks into k600, which has another clip of it
    ],
}
VAL = {
    'k400': [('making bed', 'f', 1), ('run', 'j', 1)],
    'k600': [('jump', 'i', 1), ('run', 'j', 1)],
    'k700': [('sit', 'c', 1), ('dance', 'k', 1), ('swim', 'j', 1)],
}


def file_of(name: str, letter: str, start: int) -> str:
    return f'{name.replace(" ", "_")}/{letter * 11}_{start:06}_{start + 10:06}.mp4'


def write_lists(folder: Path) -> list[str]:
    """Write lists and classes, and return the options that name them."""
    for split, lists in (('train', TRAIN), ('val', VAL)):
        for name, videos in lists.items():
            lines = [f'{file_of(*video)} {CLASSES[name].index(video[0])}\n' for video in videos]
            (folder / f'{name}_{split}.txt').write_text(''.join(lines))
    return write_classes(folder, '{}_{}.txt')


def write_classes(folder: Path, pattern: str) -> list[str]:
    for name, classes in (*CLASSES.items(), ('merged', MERGED)):
        (folder / f'{name}.txt').write_text('\n'.join(classes))
    options = []
    for split in ('train', 'val'):
        options += [f'--{split}', *(str(folder / pattern.format(k, split)) for k in CLASSES)]
    options += ['--classes', *(str(folder / f'{k}.txt') for k in CLASSES)]
    return [*options, '--merged', str(folder / 'merged.txt'), '--out', str(folder / 'k710')]


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def count(read: int, leaking: int, duplicates: int, relabelled: int, kept: int) -> dict[str, int]:
    return locals()


def test_the_numbers_are_those_counted_by_hand(tmp_path, capsys):
    make_k710.main(write_lists(tmp_path))
    assert json.loads((tmp_path / 'k710' / 'counts.json').read_text()) == {
        'copies_by': 'video',
        'classes': 7,
        'classes_without_training_videos': ['sit'],
        'train': {
            'k400': count(5, 1, 1, 0, 3),
            'k600': count(5, 1, 3, 1, 1),
            'k700': count(4, 1, 1, 0, 2),
            'total': count(14, 3, 5, 1, 6),
        },
        'val': {
            'k400': count(2, 0, 0, 0, 2),
            'k600': count(2, 0, 1, 0, 1),
            'k700': count(3, 0, 1, 1, 2),
            'total': count(7, 0, 2, 1, 5),
        },
    }
    shown = [line.split() for line in capsys.readouterr().out.replace('│', ' ').splitlines()]
    assert ['train', 'k600', '5', '5', '1', '3', '1', '1'] in shown
    assert ['train', 'total', '7', '14', '3', '5', '1', '6'] in shown
    assert ['classes', 'without', 'training', 'videos', '(1):', 'sit'] in shown
    assert shown[-1][1:] == ['7', 'files,', '7', 'of', 'them', 'new']


def test_the_lists_have_the_lines_written_by_hand(tmp_path):
    make_k710.main(write_lists(tmp_path))
    lists = {name: text.decode().splitlines() for name, text in contents(tmp_path / 'k710').items()}
    assert lists.pop('counts.json')
    val = {
        'k400': [('making bed', 'f', 3), ('run', 'j', 0)],
        'k600': [('jump', 'i', 1), ('run', 'j', 0)],
        'k700': [('sit', 'c', 2), ('dance', 'k', 6), ('swim', 'j', 4)],
    }
    train = {
        'k400': [('run', 'a', 0), ('jump', 'b', 1), ('making bed', 'd', 3)],
        'k600': [('swim', 'e', 4)],
        'k700': [('dance', 'g', 6), ('fly', 'h', 5)],
    }
    merged = {'k400': val['k400'], 'k600': val['k600'][:1], 'k700': val['k700'][:2]}

    def lines(split: str, videos: dict) -> list[str]:
        return [
            f'kinetics{name[1:]}/videos_{split}/{file_of(label, letter, 1)} {row}'
            for name, rows in videos.items()
            for label, letter, row in rows
        ]

    assert lists == {
        'classes.txt': MERGED,
        'kinetics710_train_list_videos.txt': lines('train', train),
        'kinetics710_val_list_videos.txt': lines('val', merged),
        **{
            f'kinetics710_val_{name}_list_videos.txt': lines('val', {name: rows})
            for name, rows in val.items()
        },
    }


def test_clips_of_one_video_stay_apart_on_request_but_leak_all_the_same(tmp_path):
    make_k710.main([*write_lists(tmp_path), '--by', 'clip'])
    counts = json.loads((tmp_path / 'k710' / 'counts.json').read_text())
    assert counts['copies_by'] == 'clip'
    assert counts['train']['k600'] == count(5, 1, 2, 1, 2)
    assert counts['train']['k700'] == count(4, 1, 1, 0, 2)
    lines = (tmp_path / 'k710' / 'kinetics710_train_list_videos.txt').read_text().splitlines()
    assert f'kinetics600/videos_train/{file_of("run", "a", 50)} 0' in lines


def test_names_without_times_are_told_apart_by_video_alone(tmp_path):
    options = write_lists(tmp_path)
    (tmp_path / 'k400_train.txt').write_text('run/aaaaaaaaaaa.mp4 0\njump/aa_aa-aaaa1.webm 1\n')
    make_k710.main(options)
    counts = json.loads((tmp_path / 'k710' / 'counts.json').read_text())
    assert counts['train']['k400'] == count(2, 0, 0, 0, 2)
    assert counts['train']['k600'] == count(5, 1, 1, 0, 3)
    with pytest.raises(ValueError, match=r'run/aaaaaaaaaaa.mp4: no times in the name'):
        make_k710.main([*options, '--by', 'clip'])


def test_a_second_run_changes_nothing(tmp_path, capsys):
    options = write_lists(tmp_path)
    make_k710.main(options)
    before = contents(tmp_path / 'k710')
    times = [path.stat().st_mtime_ns for path in sorted((tmp_path / 'k710').iterdir())]
    assert '7 files, 7 of them new' in capsys.readouterr().out
    make_k710.main(options)
    assert contents(tmp_path / 'k710') == before
    assert [path.stat().st_mtime_ns for path in sorted((tmp_path / 'k710').iterdir())] == times
    assert '7 files, 0 of them new' in capsys.readouterr().out


def test_other_contents_are_replaced_on_request_alone(tmp_path, capsys):
    options = write_lists(tmp_path)
    make_k710.main(options)
    whole = contents(tmp_path / 'k710')
    (tmp_path / 'k710' / 'classes.txt').write_text('mine')
    (tmp_path / 'k710' / 'counts.json').unlink()
    with pytest.raises(FileExistsError, match=r'classes.txt: there already') as error:
        make_k710.main(options)
    assert 'list_videos' not in str(error.value)
    assert contents(tmp_path / 'k710') == {
        **{name: text for name, text in whole.items() if name != 'counts.json'},
        'classes.txt': b'mine',
    }
    make_k710.main([*options, '--force'])
    assert '7 files, 2 of them new' in capsys.readouterr().out
    assert contents(tmp_path / 'k710') == whole


def write_tables(folder: Path) -> list[str]:
    """The same videos as the releases list them: one table per set with both splits in it."""
    for name in CLASSES:
        lines = ['label,youtube_id,time_start,time_end,split']
        for split, lists in (('train', TRAIN), ('validate', VAL)):
            lines += [f'{c},{v * 11},{at},{at + 10},{split}' for c, v, at in lists[name]]
        lines.append(f'no such class,{"z" * 11},1,11,test')
        (folder / f'{name}.csv').write_text('\n'.join(lines))
    return write_classes(folder, '{}.csv')


def test_tables_of_the_releases_give_the_same_bytes_as_lists(tmp_path):
    make_k710.main(write_lists(tmp_path))
    whole = contents(tmp_path / 'k710')
    make_k710.main([*write_tables(tmp_path), '--out', str(tmp_path / 'from_tables')])
    assert contents(tmp_path / 'from_tables') == whole


def test_a_prefix_of_ones_own_stands_in_front_of_the_paths(tmp_path):
    make_k710.main([*write_lists(tmp_path), '--prefix', '/videos/{split}/{set}/'])
    lines = (tmp_path / 'k710' / 'kinetics710_val_k600_list_videos.txt').read_text().splitlines()
    assert lines[0] == f'/videos/val/kinetics600/{file_of("jump", "i", 1)} 1'


@pytest.mark.parametrize(
    ('name', 'line', 'complaint'),
    [
        ('k600_train.txt', 'jump/bbbbbbbbbbb.mp4', 'is not "PATH LABEL"'),
        ('k600_train.txt', 'jump/bbb bbbbbbb.mp4 0', 'is not "PATH LABEL"'),
        ('k600_train.txt', 'jump/bbbbbbbbbbb.mp4 -1', 'is not "PATH LABEL"'),
        ('k600_train.txt', '', 'is not "PATH LABEL"'),
        ('k600_train.txt', 'jump/bbbbbbbbbbb.mp4 5', 'label 5 is out of range; allowed are 0 to 4'),
        ('k700_val.txt', 'clip0001.mp4 0', "'clip0001.mp4' is not named by a YouTube id"),
        (
            'k400_val.txt',
            'sit/bbbbbbbbbbb.mp4 0',
            "label 0 is 'run', but the folder 'sit'; the list numbers the classes in another order",
        ),
        ('k600.csv', f'jumpp,{"b" * 11},1,11,train', "'jumpp' is none of the 5 classes; is it 'j"),
        ('k600.csv', 'jump,bbb,1,11,train', "'bbb', '1', '11' are not a YouTube id"),
        ('k600.csv', f'jump,{"b" * 11},1,end,train', "'end' are not a YouTube id"),
        ('k600.csv', f'jump,{"b" * 11},1', 'not 5 fields, as the first line'),
        ('k600.csv', f'jump,{"b" * 11},1,11,train,0', 'not 5 fields, as the first line'),
    ],
)
def test_a_line_that_cannot_be_used_is_named_by_file_and_number(tmp_path, name, line, complaint):
    options = write_lists(tmp_path) if name.endswith('.txt') else write_tables(tmp_path)
    lines = (tmp_path / name).read_text().splitlines()
    (tmp_path / name).write_text('\n'.join([lines[0], line, *lines[1:]]))
    with pytest.raises(ValueError, match=re.escape(complaint)) as error:
        make_k710.main(options)
    assert str(error.value).startswith(f'{tmp_path / name}:2: ')
    assert not (tmp_path / 'k710').exists()


@pytest.mark.parametrize(
    ('name', 'text', 'complaint'),
    [
        ('k600_train.txt', None, 'k600_train.txt does not exist'),
        ('k600_train.txt', '', 'k600_train.txt: no videos'),
        ('k600_train.txt', 'label,youtube_id,split\n', 'k600_train.txt:1: the table has no column'),
        (
            'k600_train.txt',
            'label,youtube_id,time_start,time_end,split\n',
            'k600_train.txt: no videos of split train',
        ),
        ('k600_train.txt', b'\xff\xfe\x00', 'k600_train.txt: not a text file in UTF-8'),
        ('k600.txt', 'jump\nhover\n', 'k600.txt: 1 of 2 classes are not among the 7: hover'),
        ('k600.txt', 'jump\nJump\n', 'k600.txt has one class twice'),
        ('merged.txt', None, 'merged.txt does not exist'),
    ],
)
def test_a_file_that_cannot_be_used_is_named(tmp_path, name, text, complaint):
    options = write_lists(tmp_path)
    if text is None:
        (tmp_path / name).unlink()
    else:
        (tmp_path / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises((ValueError, FileNotFoundError), match=re.escape(complaint)):
        make_k710.main(options)
    assert not (tmp_path / 'k710').exists()


def test_the_classes_are_the_published_710_unless_others_are_given(tmp_path, monkeypatch):
    """Every class has one video, in the layout and under the names that mmaction2 gives them."""
    monkeypatch.chdir(tmp_path)
    for number, dataset in enumerate(K710_PARTS):
        folder = Path('data') / dataset
        folder.mkdir(parents=True)
        for split in ('train', 'val'):
            (folder / f'{dataset}_{split}_list_videos.txt').write_text(
                ''.join(
                    f'{name.replace(" ", "_")}/{split:_<5}{number}{label:05}.mp4 {label}\n'
                    for label, name in enumerate(class_names(dataset))
                )
            )
    make_k710.main([])
    out = Path('data/kinetics710')
    assert (out / 'classes.txt').read_text().splitlines() == list(class_names('kinetics710'))
    for name, dataset in zip(CLASSES, K710_PARTS, strict=True):
        lines = (out / f'kinetics710_val_{name}_list_videos.txt').read_text().splitlines()
        assert [int(line.split()[1]) for line in lines] == k710_rows(dataset)
    counts = json.loads((out / 'counts.json').read_text())
    assert counts['train']['total'] == count(1700, 0, 0, 0, 1700)
    assert (counts['classes'], counts['classes_without_training_videos']) == (710, [])
    lines = (out / 'kinetics710_train_list_videos.txt').read_text().splitlines()
    assert lines[12] == 'kinetics400/videos_train/balloon_blowing/train000012.mp4 12'
    assert lines[400 + 318] == 'kinetics600/videos_train/picking_fruit/train100318.mp4 214'


def test_mmaction2_reads_the_lists(tmp_path):
    pytest.importorskip('mmaction')
    from mmaction.datasets import VideoDataset

    make_k710.main(write_lists(tmp_path))
    dataset = VideoDataset(
        ann_file=str(tmp_path / 'k710' / 'kinetics710_train_list_videos.txt'),
        data_prefix=dict(video='data'),
        pipeline=[],
    )
    assert [dataset.get_data_info(i)['label'] for i in range(len(dataset))] == [0, 1, 3, 4, 6, 5]
    first = f'data/kinetics400/videos_train/{file_of("run", "a", 1)}'
    assert dataset.get_data_info(0)['filename'] == first


def test_a_head_for_the_merged_classes_serves_each_set_with_its_own_labels(tmp_path):
    """From lists to fine-tuning: labels of the lists and rows of the sliced heads agree."""
    make_k710.main(write_lists(tmp_path))
    torch.manual_seed(0)
    arch = dict(depth=2, dim=32, head_dim=8, patch_size=8, image_size=32, global_head_dim=8)
    net, head = UniFormerV2(arch=arch).eval(), nn.Linear(32, len(MERGED))
    state = {f'backbone.{key}': value for key, value in net.state_dict().items()}
    state |= {f'cls_head.fc_cls.{key}': value for key, value in head.state_dict().items()}
    torch.save({'meta': {}, 'state_dict': state}, tmp_path / 'merged.pth')
    with torch.no_grad():
        feature = net(torch.randn(3, 3, 4, 32, 32))
        scores = head(feature)
    for name, classes in CLASSES.items():
        out = tmp_path / f'{name}.pth'
        permute_head.main(
            [
                str(tmp_path / 'merged.pth'), '--from', str(tmp_path / 'k710' / 'classes.txt'),
                '--to', str(tmp_path / f'{name}.txt'), '--out', str(out),
            ]
        )  # fmt: skip
        checkpoint = torch.load(out, weights_only=True)
        sliced = checkpoint['state_dict']
        assert checkpoint['meta']['dataset_meta']['classes'] == classes
        own = feature @ sliced['cls_head.fc_cls.weight'].T + sliced['cls_head.fc_cls.bias']
        torch.testing.assert_close(own, scores[:, ROWS[name]])
        merged = (tmp_path / 'k710' / f'kinetics710_val_{name}_list_videos.txt').read_text()
        for line, (label, *_) in zip(merged.splitlines(), VAL[name], strict=True):
            row = int(line.split()[1])
            torch.testing.assert_close(own[:, classes.index(label)], scores[:, row])
