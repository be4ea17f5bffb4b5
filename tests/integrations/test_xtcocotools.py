"""The fallback for xtcocotools gives its numbers, and mmpose's metrics run on it."""

import contextlib
import importlib
import importlib.util
import io
import json

import numpy as np
import pytest
from fresh_python import FreshPython
from hidden_modules import hiding
from pose_predictions import CASES, PARTS, RECORDED, evaluate, make_case, predict_people

import mmuniformer  # noqa: F401

pytest.importorskip('pycocotools')
OURS = 'mmuniformer.integrations.fallbacks._xtcocotools'
# Stats of predict_people(…, seed=0) by xtcocotools 1.14.3; -1 where there is no large person.
MINI = [
    0.42238639372962244, 0.7131412820070063, 0.39519148121888836, 0.42366483046352443, -1,
    0.427, 0.72, 0.4, 0.427, -1,
]  # fmt: skip
TINY = [
    0.3339240380081965, 0.5906744520605907, 0.2933168316831683, 0.3399339933993399, 0.5,
    0.4416666666666666, 0.75, 0.4166666666666667, 0.34, 0.5142857142857143,
]  # fmt: skip

IS_REAL = importlib.util.find_spec('xtcocotools._mask') is not None


@pytest.mark.filterwarnings('ignore:no .* in predictions')
@pytest.mark.parametrize('iou_type', PARTS)
def test_all_stats_are_those_of_the_original(iou_type):
    recorded = json.loads(RECORDED.read_text())
    for seed in [seed for each, seed in CASES if each == iou_type]:
        stats = evaluate(OURS, iou_type, *make_case(iou_type, seed))
        np.testing.assert_allclose(stats, recorded[f'{iou_type} {seed}'], rtol=1e-12, atol=1e-15)


def test_the_recorded_stats_tell_cases_apart():
    recorded = json.loads(RECORDED.read_text())
    precision = [recorded[f'{iou_type} {seed}'][0] for iou_type, seed in CASES]
    assert [np.sum(np.equal(precision, value)) for value in (-1, 0)] == [10, 10]
    assert len(set(precision)) == 2 + 100


@pytest.mark.skipif(not IS_REAL, reason='xtcocotools is not installed')
@pytest.mark.filterwarnings('ignore')
@pytest.mark.parametrize('iou_type', PARTS)
def test_the_original_beside_it_gives_the_same_to_the_last_bit(iou_type):
    for seed in range(100, 120):
        original = evaluate('xtcocotools', iou_type, *make_case(iou_type, seed))
        assert evaluate(OURS, iou_type, *make_case(iou_type, seed)) == original


def test_the_mini_keypoints_have_the_recorded_stats(tmp_path, python_tool):
    python_tool('make_mini_data.py', 'coco_keypoints', '--train', 1, cwd=tmp_path)
    (path,) = tmp_path.rglob('person_keypoints_val2017.json')
    data = json.loads(path.read_text())
    stats = evaluate(OURS, 'keypoints', data, predict_people(data, 0), {})
    np.testing.assert_allclose(stats, MINI, rtol=1e-12)


def test_people_of_coco_have_the_recorded_stats(coco_tiny):
    data = json.loads((coco_tiny / 'instances_keypoints.json').read_text())
    stats = evaluate(OURS, 'keypoints', data, predict_people(data, 0), {})
    np.testing.assert_allclose(stats, TINY, rtol=1e-12)


@pytest.fixture
def ours():
    return importlib.import_module(OURS)


def test_annotations_are_as_they_were_after_an_evaluation(ours, capsys):
    data, predictions, options = make_case('keypoints_crowd', 2)
    truth = ours.COCO('given', ann_data=data)
    found = truth.loadRes('given', resData=predictions)
    before = json.dumps([truth.dataset, found.dataset])
    run = ours.COCOeval(truth, found, 'keypoints_crowd', **options)
    run.evaluate()
    run.accumulate()
    run.summarize()
    for ann in truth.dataset['annotations']:
        del ann['ignore']  # which pycocotools adds
    assert json.dumps([truth.dataset, found.dataset]) == before
    assert run.params.iouType == run._paramsEval.iouType == 'keypoints_crowd'
    assert 'Average precision of hard images' in capsys.readouterr().out


def test_numbers_of_annotations_and_matches_are_those_of_the_files(ours):
    data, predictions, options = make_case('keypoints', 4)  # annotations begin with 0
    truth = ours.COCO('given', ann_data=data)
    run = ours.COCOeval(truth, truth.loadRes(predictions), 'keypoints', **options)
    run.evaluate()
    images = [each for each in run.evalImgs if each is not None]
    assert {number for each in images for number in each['gtIds']} == set(truth.anns)
    assert {n for each in images for n in each['dtIds']} <= set(range(1, len(predictions) + 1))
    matches = np.concatenate([each['dtMatches'].ravel() for each in images])
    assert matches.dtype == np.int64 and matches.min() == -1 and 0 in matches


def test_a_score_that_is_missing_is_taken_from_the_whole_with_a_warning(ours):
    data, predictions, options = make_case('keypoints_foot', 2)
    with pytest.warns(UserWarning, match="no 'foot_score' in predictions"):
        evaluate(OURS, 'keypoints_foot', data, predictions, options)


def test_chosen_keypoints_are_kept_and_the_lower_limit_of_an_area_is_included(ours):
    data = {
        'images': [{'id': 1}],
        'categories': [{'id': 1}],
        'annotations': [
            {'id': n, 'image_id': 1, 'category_id': 1, 'area': n, 'keypoints': [*range(9)]}
            for n in range(4)
        ],
    }
    truth = ours.COCO('given', test_index=[0, 2], ann_data=data)
    assert truth.anns[3]['keypoints'] == [0, 1, 2, 6, 7, 8]
    assert truth.anns[3]['iscrowd'] is False
    assert truth.getAnnIds(areaRng=[1, 3]) == [1, 2]
    assert truth.getAnnIds(imgIds=1, iscrowd=False) == [0, 1, 2, 3]


METRICS = """
import mmuniformer
from mmpose.utils import register_all_modules
register_all_modules()
import xtcocotools.mask
from mmpose.datasets.transforms import bottomup_transforms
from mmpose.evaluation.metrics import coco_metric
from pose_predictions import evaluate, make_case
box = [[0, 0, 8, 0, 8, 4, 0, 4]]
mask = bottomup_transforms.cocomask.decode(xtcocotools.mask.frPyObjects(box, 6, 10))
print(xtcocotools.__spec__.origin, int(mask.sum()), coco_metric.COCOeval.__module__)
print(evaluate('xtcocotools', 'keypoints', *make_case('keypoints', 1)))
"""


def test_mmpose_imports_and_evaluates_where_xtcocotools_is_missing():
    pytest.importorskip('mmpose')
    with FreshPython() as python:
        *_, served, stats = python.run(hiding('xtcocotools') + METRICS).splitlines()
    assert served == f'served by mmuniformer 32 {OURS}'
    recorded = json.loads(RECORDED.read_text())['keypoints 1']
    np.testing.assert_allclose(json.loads(stats), recorded, rtol=1e-12)


@pytest.mark.filterwarnings('ignore:no .* in predictions')
def test_the_wholebody_metric_runs_on_the_fallback(tmp_path, ours, monkeypatch):
    pytest.importorskip('mmpose')
    from mmpose.evaluation.metrics import CocoWholeBodyMetric, coco_metric, coco_wholebody_metric

    for module in (coco_metric, coco_wholebody_metric):
        monkeypatch.setattr(module, 'COCOeval', ours.COCOeval)
    monkeypatch.setattr(coco_metric, 'COCO', ours.COCO)
    draw = np.random.RandomState(0)
    counts = {'keypoints': 17, 'foot_kpts': 6, 'face_kpts': 68, 'lefthand_kpts': 21}
    counts['righthand_kpts'] = 21
    points = np.concatenate(
        [draw.uniform(50, 250, (133, 2)).round(1), np.full((133, 1), 2)], axis=1
    )
    ann = {'id': 1, 'image_id': 1, 'category_id': 1, 'area': 4e4, 'iscrowd': 0}
    ann |= {'bbox': [50, 50, 200, 200], 'num_keypoints': 17}
    begin = 0
    for key, count in counts.items():
        ann[key] = points[begin : begin + count].reshape(-1).tolist()
        begin += count
    data = {'images': [{'id': 1}], 'annotations': [ann], 'categories': [{'id': 1, 'name': 'a'}]}
    path = tmp_path / 'truth.json'
    path.write_text(json.dumps(data))
    metric = CocoWholeBodyMetric(ann_file=str(path), use_area=True)
    metric.dataset_meta = {'num_keypoints': 133, 'sigmas': np.full(133, 0.05), 'CLASSES': ['a']}
    shift = np.zeros((1, 133, 2))
    shift[:, 23:91] = 1e3  # the face is nowhere near
    instances = {
        'keypoints': points[None, :, :2] + shift,
        'keypoint_scores': np.ones((1, 133)),
        'bbox_scores': np.ones(1),
        'areas': np.full(1, 4e4),
    }
    sample = {
        'id': 1, 'img_id': 1, 'category_id': 1, 'pred_instances': instances,
        'gt_instances': {}, 'raw_ann_info': ann,
    }  # fmt: skip
    metric.process([], [sample])
    with contextlib.redirect_stdout(io.StringIO()) as said:
        scores = metric.evaluate(1)
    assert scores['coco-wholebody/AP'] == 0  # 65 of 133 are right, an OKS of 0.49
    precisions = [line.split()[-1] for line in said.getvalue().splitlines() if 'AP) @' in line]
    overall = [float(text) for text in precisions[::5]]
    assert overall == [1, 1, 0, 1, 1, 0]  # body, foot, face, hands, all
