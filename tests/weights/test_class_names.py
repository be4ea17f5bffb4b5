"""Class lists of the video data sets, and how the released heads number them."""

import pytest

from mmuniformer.weights.class_names import DATASETS, PERMUTED, class_names, official_rows

SIZES = {
    'kinetics400': 400, 'kinetics600': 600, 'sthv1': 174, 'sthv2': 174, 'ucf101': 101,
    'hmdb51': 51,
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
    with pytest.raises(ValueError, match='kinetics700.*kinetics400, kinetics600'):
        class_names('kinetics700')
    with pytest.raises(ValueError, match='mmaction2, official'):
        class_names('kinetics400', 'sorted')
    with pytest.raises(ValueError, match='official order of ucf101 is not known'):
        class_names('ucf101', 'official')
