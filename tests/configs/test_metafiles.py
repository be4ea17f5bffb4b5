"""What mim reads about the configs: all with a published number, their cost, metric, file."""

import re
from collections import Counter

import pytest
import yaml

from configs import CONFIGS, configs_of
from mmuniformer.apis.reproduction import published
from mmuniformer.weights import published_files

ROOT = CONFIGS.parent
IMPORTED = yaml.safe_load((ROOT / 'model-index.yml').read_text())['Import']
METAFILES = {path: yaml.safe_load((ROOT / path).read_text()) for path in IMPORTED}
MODELS = [model for content in METAFILES.values() for model in content['Models']]
BY_NAME = {model['Name']: model for model in MODELS}
ROWS = [row for row in published_files() if row.url and row.config]
# Published, and of the whole model as the config builds it: mmaction2's and mmpose's.
READY = {row.url: row for row in ROWS if re.search('/mmaction/|/projects/uniformer/top', row.url)}
READY = {url: row for url, row in READY.items() if row.task != 'image'}
METRICS = {
    'Object Detection': {'box AP': 'box_AP'},
    'Instance Segmentation': {'mask AP': 'mask_AP'},
    'Semantic Segmentation': {'mIoU': 'mIoU', 'mIoU(ms+flip)': 'ms_mIoU'},
    'Body 2D Keypoint': {'AP': 'AP', 'AP@0.5': 'AP50', 'AR': 'AR'},
}
DENSE = [m for m in MODELS if m['Config'].split('/')[1] in ('det', 'seg', 'pose')]


def name_of(model: dict) -> str:
    return model['Name']


def test_the_index_names_every_metafile():
    assert (
        sorted(path.relative_to(ROOT).as_posix() for path in CONFIGS.glob('*/metafile*.yml'))
        == IMPORTED
    )


def test_every_config_with_a_published_number_is_listed_once():
    listed = Counter(model['Name'] for model in MODELS)
    assert max(listed.values()) == 1
    for task in ('cls', 'det', 'seg', 'pose', 'video'):
        for path in configs_of(task):
            header = path.read_text().split('"""')[1]
            if not path.stem.startswith('mini_') and 'no published number' not in header.lower():
                assert path.stem in listed, path.stem


@pytest.mark.parametrize('model', MODELS, ids=name_of)
def test_an_entry_names_its_config_its_collection_and_its_cost(model):
    path = ROOT / model['Config']
    assert path.stem == model['Name'] == model['Name'].lower() and path.is_file()
    (content,) = [c for c in METAFILES.values() if model in c['Models']]
    (collection,) = [c for c in content['Collections'] if c['Name'] == model['In Collection']]
    assert re.fullmatch(r'https://arxiv.org/abs/22(01.09450|11.09552)', collection['Paper']['URL'])
    assert (ROOT / collection['README']).is_file()
    for result in model.get('Results', ()):
        assert result['Task'] and result['Dataset'] and result['Metrics']
        facts = model['Metadata']
        # AVA is no classification; its cost depends on the number of people.
        assert model['Name'].startswith('fast_rcnn') or 0 < facts['Parameters'] < facts['FLOPs']


@pytest.mark.parametrize('model', DENSE, ids=name_of)
def test_metrics_and_cost_of_dense_prediction_are_printed_ones(model):
    rows = [row for row in published.read_rows() if row.config == model['Name']]
    assert rows
    for result in model['Results']:
        for name, value in result['Metrics'].items():
            key = METRICS[result['Task']][name]
            assert value in {float(row.metrics[key]) for row in rows if key in row.metrics}, name
    facts = model['Metadata']
    for column, ours, tolerance in (
        ('params_M', facts['Parameters'] / 1e6, 0.01),
        ('flops_G', facts['FLOPs'] / 1e9, 0.02),
    ):
        texts = {
            getattr(row, column) for row in rows
            if column not in {item['column'] for item in published.find_errata(row)}
        } - {''}  # fmt: skip
        for text in texts:
            decimals = len(text.partition('.')[2])
            close = ours == pytest.approx(float(text), rel=tolerance)
            assert close or round(ours, decimals) == float(text), (column, ours, text)


@pytest.mark.parametrize('model', configs_of('cls'), ids=lambda path: path.stem)
def test_the_accuracy_of_a_classifier_is_that_of_its_header(model):
    entry = BY_NAME.get(model.stem)
    if entry is not None:
        header = model.read_text().split('"""')[1]
        found = re.search(r'Expected on ImageNet val: top-1 (\d+\.\d)', header)
        assert entry['Results'][0]['Metrics'] == {'Top 1 Accuracy': float(found[1])}


def test_weights_are_all_released_files_that_load_as_they_are_and_no_others():
    given = {model['Weights']: model['Name'] for model in MODELS if 'Weights' in model}
    assert given == {url: row.config for url, row in READY.items()}
    assert len(given) == 32


def test_files_to_be_converted_are_the_authors_with_their_page():
    given = {
        model['Name']: (model['Converted From']['Weights'], model['Converted From']['Code'])
        for model in MODELS
        if 'Converted From' in model
    }
    without = {model['Name'] for model in MODELS if 'Weights' not in model}
    wanted = {
        row.config: (row.url, row.pages[0])
        for row in ROWS
        # The same two image files lie on two servers.
        if (row.config in without and row.value is not None) or row.name.startswith('frozen_k710')
    }
    assert given == wanted
