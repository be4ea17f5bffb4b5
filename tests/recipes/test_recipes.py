"""Functions of recipes: names become addresses and files, views change views alone."""

import copy

import pytest

from mmuniformer.recipes import names, video
from mmuniformer.weights.zoo import zoo

PIPELINES = video.sparse(frames=8, clips=4, crops=3)


@pytest.mark.parametrize('name', zoo())
def test_every_released_file_has_a_checkpoint_by_its_name(name):
    row = zoo()[name]
    wanted = row.url or f'checkpoints/{row.file_name}'
    assert names.pretrained(name) == dict(type='Pretrained', checkpoint=wanted)


@pytest.mark.parametrize('weights', ['a/b.pth', 'b.pth', 'https://host/a.pth'])
def test_a_path_or_an_address_stays_what_it_is(weights):
    assert names.pretrained(weights)['checkpoint'] == weights


def test_clip_has_the_vit_of_each_size_at_each_resolution():
    files = {name: names.pretrained(name)['checkpoint'].split('/')[-1] for name in names.CLIP}
    assert {name: file.partition('_clip-rgb')[0] for name, file in files.items()} == {
        'clip_b16': 'vit-base-p16-res224',
        'clip_l14': 'vit-large-p14-res224',
        'clip_l14_336': 'vit-large-p14-res336',
    }


def test_an_unknown_name_of_weights_is_refused_with_similar_ones():
    with pytest.raises(
        ValueError, match=r"'uniformer_smal_in1k'; did you mean uniformer_small_in1k"
    ):
        names.pretrained('uniformer_smal_in1k')


def test_an_unknown_data_set_is_refused_with_all_there_are():
    with pytest.raises(ValueError, match=r"no data set is called 'k401'; there are k400, k600, "):
        video.loaders('k401', *PIPELINES, batch_size=1)


@pytest.mark.parametrize('crops', [0, 2, 4, '3'])
def test_a_test_of_other_than_one_or_three_crops_is_refused(crops):
    with pytest.raises(ValueError, match=f'takes 1 or 3 crops, not {crops!r}'):
        video.dense(frames=16, stride=4, clips=4, crops=crops)
    with pytest.raises(ValueError, match=f'takes 1 or 3 crops, not {crops!r}'):
        video.views(PIPELINES[2], crops=crops)


def test_an_unknown_size_is_refused_with_all_there_are():
    with pytest.raises(ValueError, match="no size is called 'tiny'; there are small, base, "):
        video.uniformer('tiny', classes=400)


def test_views_change_clips_and_crops_alone_and_not_the_pipeline_they_are_given():
    _, val, test = PIPELINES
    before = copy.deepcopy(test)
    assert video.views(test) == test
    assert video.views(val, clips=4, crops=3) == test == before
    one = video.views(test, crops=1)
    different = [(old, new) for old, new in zip(test, one, strict=True) if old != new]
    assert different == [
        ({'type': 'ThreeCrop', 'crop_size': 224}, {'type': 'CenterCrop', 'crop_size': 224})
    ]


def test_changing_what_a_function_returned_changes_no_other_result():
    first = video.uniformer('small', classes=400)
    wanted = copy.deepcopy(first)
    first['data_preprocessor']['mean'][0] = 0
    first['cls_head']['num_classes'] = 1
    assert video.uniformer('small', classes=400) == wanted
    pipelines = video.dense(frames=16, stride=4, clips=4, crops=1)
    whole = copy.deepcopy(pipelines)
    pipelines[0][-1]['type'] = pipelines[1][-1]['type'] = 'Other'
    assert video.dense(frames=16, stride=4, clips=4, crops=1) == whole


def test_the_rate_rises_from_the_first_and_falls_to_the_last():
    _, (rise, cosine), train, scale = video.schedule(
        epochs=110, warmup=10, lr=4e-4, base_batch_size=128
    )
    assert rise['start_factor'] * 4e-4 == pytest.approx(1e-6)
    assert (rise['begin'], rise['end'], cosine['begin'], cosine['end']) == (0, 10, 10, 110)
    assert (cosine['T_max'], cosine['eta_min']) == (100, 1e-6)
    assert train['max_epochs'] == 110 and scale['base_batch_size'] == 128
    _, (only,), *_ = video.schedule(
        epochs=50, warmup=0, lr=8e-4, base_batch_size=512, scale_end=True
    )
    assert (only['begin'], only['T_max'], only['eta_min']) == (0, 50, None)
    assert only['eta_min_ratio'] * 8e-4 == pytest.approx(1e-6)
