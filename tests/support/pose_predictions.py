"""Random people and predictions of them, and what COCO's evaluations say of these.

Run in an environment with xtcocotools to record what it says: tests/data/xtcocotools_stats.json.
"""

import contextlib
import importlib
import io
import json
import tempfile
from pathlib import Path

import numpy as np

RECORDED = Path(__file__).resolve().parents[1] / 'data' / 'xtcocotools_stats.json'
PARTS = {  # IoU type → number of keypoints under each key
    'keypoints': {'keypoints': 17},
    'keypoints_body': {'keypoints': 17},
    'keypoints_foot': {'foot_kpts': 6},
    'keypoints_face': {'face_kpts': 12},
    'keypoints_lefthand': {'lefthand_kpts': 8},
    'keypoints_righthand': {'righthand_kpts': 8},
    'keypoints_wholebody': {
        'keypoints': 17, 'foot_kpts': 6, 'face_kpts': 12, 'lefthand_kpts': 8, 'righthand_kpts': 8,
    },
    'keypoints_crowd': {'keypoints': 14},
    'bbox': {'keypoints': 17},
    'segm': {'keypoints': 17},
}  # fmt: skip
CASES = [(iou_type, seed) for iou_type in PARTS for seed in range(12)]


def make_case(iou_type: str, seed: int) -> tuple[dict, list, dict]:
    """Draw annotations, predictions and the options of the evaluation.

    Odd seeds go without areas, and multiples of 3 without predicted boxes where keypoints can take
    their place. Multiples of 4 number the annotations from 0, seed 5 predicts nothing, seed 6 has
    no annotations, and seed 7 25 predictions of each.
    """
    draw = np.random.RandomState(seed + 100 * list(PARTS).index(iou_type))
    images = [{'id': 10 * n, 'width': 640, 'height': 480, 'crowdIndex': n / 8} for n in range(1, 8)]
    annotations, predictions = [], []
    for image in images[:-1]:  # nobody is in the last one
        for _ in range(draw.randint(0, 6)):
            ann = draw_annotation(draw, iou_type, with_area=seed % 2 == 0)
            ann |= {'id': len(annotations) + (seed % 4 > 0), 'image_id': image['id']}
            annotations.append(ann)
            for _ in range(25 if seed == 7 else draw.randint(0, 4)):
                predictions.append(draw_prediction(draw, iou_type, ann))
    stray = draw_annotation(draw, iou_type, with_area=True) | {'image_id': images[-1]['id']}
    predictions.append(draw_prediction(draw, iou_type, stray))
    if seed % 3 == 0 and 'keypoints' in iou_type and 'keypoints' in PARTS[iou_type]:
        predictions = [{k: v for k, v in each.items() if k != 'bbox'} for each in predictions]
    categories = [{'id': number, 'name': str(number)} for number in (1, 2)]
    data = {'images': images, 'categories': categories}
    data['annotations'] = [] if seed == 6 else annotations
    count = sum(PARTS[iou_type].values())
    options = {'use_area': seed % 2 == 0, 'sigmas': draw.uniform(0.03, 0.15, count)}
    if count == 17 and seed % 3:
        options['sigmas'] = None
    return data, [] if seed == 5 else predictions, options


def draw_annotation(draw: np.random.RandomState, iou_type: str, with_area: bool) -> dict:
    width, height = draw.uniform(20, 250, 2).round(1).tolist()
    x, y = draw.uniform(0, 380), draw.uniform(0, 220)
    ann = {'bbox': [x, y, width, height], 'category_id': 1 + int(draw.rand() < 0.3)}
    ann['iscrowd'] = int(draw.rand() < 0.15)
    ann['segmentation'] = [[x, y, x + width, y, x + width, y + height, x, y + height]]
    hidden = draw.rand() < 0.15
    for key, count in PARTS[iou_type].items():
        points = np.stack(
            [
                draw.uniform(x, x + width, count).round(2),
                draw.uniform(y, y + height, count).round(2),
                np.zeros(count) if hidden else draw.randint(0, 3, count),
            ],
            axis=1,
        )
        ann[key] = points.reshape(-1).tolist()
        # CrowdPose counts those that can be seen, not all that are labeled.
        ann['num_keypoints'] = int((points[:, 2] == 2).sum())
    if with_area:
        ann['area'] = width * height * draw.uniform(0.3, 0.8)
    return ann


def draw_prediction(draw: np.random.RandomState, iou_type: str, ann: dict) -> dict:
    found = {key: ann[key] for key in ('image_id', 'category_id')}
    spread = draw.choice([1, 5, 20, 60])
    found['score'] = round(draw.uniform(), 1)  # with ties
    if draw.rand() < 0.7:
        found[iou_type.replace('keypoints_', '') + '_score'] = draw.uniform()
    for key in PARTS[iou_type]:
        points = np.reshape(ann[key], (-1, 3)) + draw.normal(0, spread, (len(ann[key]) // 3, 3))
        points[:, 2] = 0 if draw.rand() < 0.1 else draw.rand(len(points))
        found[key] = points.reshape(-1).tolist()
    x, y, width, height = np.asarray(ann['bbox']) + draw.normal(0, spread / 4, 4)
    found['bbox'] = [x, y, abs(width), abs(height)]
    return found


def predict_people(data: dict, seed: int) -> list:
    """Predict each annotation of a file of COCO at random distances, with a score that tells."""
    draw = np.random.RandomState(seed)
    predictions = []
    for ann in data['annotations']:
        points = np.reshape(ann['keypoints'], (-1, 3)).astype(float)
        spread = draw.uniform(0, 0.1) * np.sqrt(ann['bbox'][2] * ann['bbox'][3])
        points += draw.normal(0, spread, points.shape)
        points[:, 2] = draw.uniform(0.2, 1, len(points))
        found = {'image_id': ann['image_id'], 'category_id': 1, 'score': 1 / (1 + spread)}
        predictions.append(found | {'keypoints': points.reshape(-1).tolist()})
    return predictions


def evaluate(
    package: str, iou_type: str, data: dict, predictions: list, options: dict
) -> list[float]:
    """Get the stats of ``COCOeval`` of ``package``, or of a module that has ``COCO`` as well."""
    try:
        coco, evaluation = (importlib.import_module(f'{package}.{n}') for n in ('coco', 'cocoeval'))
    except ModuleNotFoundError:
        coco = evaluation = importlib.import_module(package)
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
        truth, found = (Path(folder, f'{name}.json') for name in ('truth', 'found'))
        truth.write_text(json.dumps(data))
        found.write_text(json.dumps(predictions))
        annotations = coco.COCO(str(truth))
        run = evaluation.COCOeval(annotations, annotations.loadRes(str(found)), iou_type, **options)
        run.params.useSegm = None
        run.evaluate()
        run.accumulate()
        run.summarize()
    return np.asarray(run.stats).tolist()


if __name__ == '__main__':
    rows = [
        f'"{iou_type} {seed}": {evaluate("xtcocotools", iou_type, *make_case(iou_type, seed))}'
        for iou_type, seed in CASES
    ]
    RECORDED.write_text('{\n' + ',\n'.join(rows) + '\n}\n')
