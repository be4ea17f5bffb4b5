"""Class lists of the video data sets, and how the released heads number them."""

import zlib

import pytest

from mmuniformer.weights.class_names import (
    DATASETS,
    K710_PARTS,
    PERMUTED,
    class_names,
    k710_rows,
    official_rows,
    read_class_names,
    rows_by_name,
)

SIZES = {
    'kinetics400': 400, 'kinetics600': 600, 'kinetics700': 700, 'kinetics710': 710, 'sthv1': 174,
    'sthv2': 174, 'ucf101': 101, 'hmdb51': 51,
}  # fmt: skip


@pytest.mark.parametrize('dataset', DATASETS)
def test_every_list_has_all_its_classes_each_once(dataset):
    names = class_names(dataset)
    assert len(names) == len(set(names)) == SIZES[dataset]
    assert all(name == name.strip() != '' for name in names)


@pytest.mark.parametrize('dataset', PERMUTED)
def test_rows_of_a_released_head_are_each_taken_once(dataset):
    rows = official_rows(dataset)
    assert sorted(rows) == list(range(SIZES[dataset]))
    assert rows != sorted(rows)


@pytest.mark.parametrize(
    ('dataset', 'name', 'row', 'official'),
    [
        ('kinetics400', 'riding a bike', None, 0),
        ('kinetics400', 'abseiling', 0, None),
        ('kinetics600', 'feeding fish', None, 0),
        ('sthv2', 'Approaching something with your camera', 0, 0),
    ],
)
def test_known_classes_stand_where_they_are_known_to(dataset, name, row, official):
    names = class_names(dataset)
    if row is not None:
        assert names[row] == name
    if official is not None:
        assert official_rows(dataset)[names.index(name)] == official


def test_names_that_differ_in_punctuation_alone_are_the_same_class():
    names, official = class_names('sthv2'), class_names('sthv2', 'official')
    row = official_rows('sthv2')[names.index('Attaching something to something')]
    assert official[row] == 'Attaching [something] to [something]'


def test_wrong_names_are_refused_with_those_there_are():
    with pytest.raises(ValueError, match='kinetics800.*kinetics400, kinetics600'):
        class_names('kinetics800')
    with pytest.raises(ValueError, match='mmaction2, official'):
        class_names('kinetics400', 'sorted')
    with pytest.raises(ValueError, match='official order of ucf101 is not known'):
        class_names('ucf101', 'official')
    with pytest.raises(ValueError, match='sthv2.*kinetics400, kinetics600, kinetics700'):
        k710_rows('sthv2')


# Of the channel maps that mmaction2 publishes: length, smallest and largest row, the CRC-32 of all
# rows with commas between them.
@pytest.mark.parametrize(
    ('dataset', 'numbers'),
    [
        ('kinetics400', (400, 0, 399, 670707250)),
        ('kinetics600', (600, 0, 709, 3400993877)),
        ('kinetics700', (700, 0, 707, 1763186508)),
    ],
)
def test_rows_among_the_710_classes_are_the_published_ones(dataset, numbers):
    rows = k710_rows(dataset)
    digest = zlib.crc32(','.join(map(str, rows)).encode())
    assert (len(rows), min(rows), max(rows), digest) == numbers
    assert len(set(rows)) == len(rows)
    assert (rows == list(range(len(rows)))) == (dataset == 'kinetics400')


def test_the_three_sets_together_have_all_710_classes():
    s400, s600, s700 = (set(k710_rows(dataset)) for dataset in K710_PARTS)
    assert s400 | s600 | s700 == set(range(710))
    assert (len(s400 & s600), len(s400 & s700), len(s600 & s700)) == (382, 392, 598)
    assert s600 - s400 - s700 == {708, 709}


def test_fourteen_classes_have_another_name_among_the_710_and_no_others():
    merged = class_names('kinetics710')
    pairs = {
        (name, merged[row])
        for dataset in K710_PARTS
        for name, row in zip(class_names(dataset), k710_rows(dataset), strict=True)
        if name.lower() != merged[row].lower()
    }
    assert len(pairs) == 14
    assert ('balloon blowing', 'inflating balloons') in pairs
    assert ('tying tie', 'tying necktie') in pairs


def test_a_renamed_class_is_found_by_either_name():
    assert rows_by_name(['Making Bed', 'yoga'], ['yoga', 'making the bed']) == [1, 0]
    assert rows_by_name(['making the bed'], ['yoga', 'making bed']) == [1]


def test_classes_that_are_not_there_or_twice_are_named():
    with pytest.raises(ValueError, match='2 of 3 classes are not among the 1: b, c'):
        rows_by_name(['a', 'b', 'c'], ['a'])
    with pytest.raises(ValueError, match="'picking fruit' in row 0, 'picking apples' in 2"):
        rows_by_name(['a'], ['picking fruit', 'a', 'picking apples'])


def test_a_list_of_ones_own_is_read_and_a_broken_one_refused_with_its_line(tmp_path):
    path = tmp_path / 'names.txt'
    path.write_text('jumping\nsitting still\n')
    assert read_class_names(path) == ('jumping', 'sitting still')
    path.write_text('jumping\n\nsitting still\n')
    with pytest.raises(ValueError, match=r'names\.txt:2: a line without a class name'):
        read_class_names(path)
    path.write_text('jumping\nJumping\n')
    with pytest.raises(ValueError, match=r'names\.txt has one class twice'):
        read_class_names(path)
    path.write_text('')
    with pytest.raises(ValueError, match=r'names\.txt is empty'):
        read_class_names(path)
    with pytest.raises(FileNotFoundError, match='none.txt does not exist'):
        read_class_names(tmp_path / 'none.txt')
