"""The part of xtcocotools that mmpose uses, on pycocotools.

xtcocotools is COCO's evaluation extended to CrowdPose, COCO-WholeBody and data sets without areas.
It has no wheels for Python 3.12 and later, and does not compile everywhere.
"""

import contextlib
import copy
import io
import json
import warnings
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy import ndarray
from pycocotools import coco, cocoeval

_BODY_SIGMAS = cocoeval.Params('keypoints').kpt_oks_sigmas
# IoU type → keys of an annotation whose keypoints it compares, and the key of its score.
_ALL_KEYS = ('keypoints', 'foot_kpts', 'face_kpts', 'lefthand_kpts', 'righthand_kpts')
_PARTS = {
    'keypoints_wholebody': (_ALL_KEYS, 'wholebody_score'),
    'keypoints_foot': (('foot_kpts',), 'foot_score'),
    'keypoints_face': (('face_kpts',), 'face_score'),
    'keypoints_lefthand': (('lefthand_kpts',), 'lefthand_score'),
    'keypoints_righthand': (('righthand_kpts',), 'righthand_score'),
}
_AREA_PER_BOX = 0.53  # area of a person / area of the box, for annotations without areas
_CROWD_LEVELS = (0.2, 0.8)  # CrowdPose: below is easy, above hard


class COCO(coco.COCO):
    """Annotations of a file in COCO's format.

    Args:
        annotation_file: path of the JSON file.
        test_index: indices of the keypoints to keep.
        ann_data: contents of the file, instead of reading it.
    """

    def __init__(
        self,
        annotation_file: str | None = None,
        test_index: Sequence[int] | None = None,
        ann_data: dict | None = None,
    ):
        super().__init__(annotation_file if ann_data is None else None)
        if annotation_file is not None and ann_data is not None:
            self.dataset = ann_data
            self.createIndex()
        self.anno_file = [annotation_file]
        self.test_index = test_index
        for ann in self.dataset.get('annotations', []):
            ann.setdefault('iscrowd', False)
            if test_index is not None:
                kept = np.reshape(ann['keypoints'], (-1, 3))[test_index]
                ann['keypoints'] = kept.reshape(-1).tolist()

    def getAnnIds(  # noqa: N802
        self,
        imgIds: Any = (),  # noqa: N803
        catIds: Any = (),  # noqa: N803
        areaRng: Sequence[float] = (),  # noqa: N803
        iscrowd: bool | None = None,
    ) -> list:
        """Find annotations; ``areaRng`` includes its lower limit and excludes its upper."""
        found = super().getAnnIds(imgIds, catIds, (), iscrowd)
        if len(areaRng) == 0:
            return found
        return [key for key in found if areaRng[0] <= self.anns[key]['area'] < areaRng[1]]

    def loadRes(self, resFile: Any, resData: list | None = None) -> 'COCO':  # noqa: N802, N803
        """Load predictions; there may be none.

        Args:
            resFile: path of a JSON file, a list of predictions, or an array (N, 7).
            resData: contents of the file, instead of reading it.
        """
        if len(self.anno_file) == 1:
            self.anno_file.append(resFile)
        found = resFile
        if isinstance(resFile, str):
            found = resData
            if found is None:
                with open(resFile) as file:
                    found = json.load(file)
        result = COCO()
        if isinstance(found, list) and not found:
            result.dataset = {'images': list(self.dataset['images']), 'annotations': []}
            result.createIndex()
            return result
        loaded = super().loadRes(found)
        result.__dict__.update(loaded.__dict__)
        return result


class Params(cocoeval.Params):
    """Settings of an evaluation; all types of keypoints start with those of ``'keypoints'``."""

    def __init__(self, iouType: str = 'segm'):  # noqa: N803
        super().__init__('keypoints' if 'keypoints' in iouType else iouType)
        self.iouType = iouType


class COCOeval(cocoeval.COCOeval):
    """Evaluation of boxes, masks or keypoints.

    pycocotools evaluates copies of the annotations. In them, its only type of keypoints and their
    area are those of ``iouType``, and no id is 0, which means "unmatched" in pycocotools.

    Args:
        cocoGt: annotations.
        cocoDt: predictions.
        iouType: ``'bbox'``, ``'segm'``, ``'keypoints'`` or ``'keypoints_<part>'``, ``<part>`` being
            ``crowd``, ``body``, ``foot``, ``face``, ``lefthand``, ``righthand`` or ``wholebody``.
        sigmas: constants of the keypoints; by default those of COCO's 17.
        use_area: take areas from the annotations instead of estimating them from the boxes.
    """

    cocoGt: coco.COCO  # noqa: N815
    evalImgs: list[dict | None]  # noqa: N815
    _gts: dict[Any, list]
    _dts: dict[Any, list]

    def __init__(
        self,
        cocoGt: coco.COCO | None = None,  # noqa: N803
        cocoDt: coco.COCO | None = None,  # noqa: N803
        iouType: str = 'keypoints',  # noqa: N803
        sigmas: ndarray | None = None,
        use_area: bool = True,
    ):
        super().__init__(None, cocoDt, 'segm')
        self.cocoGt = cocoGt
        self.params = Params(iouType)
        if cocoGt is not None:
            self.params.imgIds = sorted(cocoGt.getImgIds())
            self.params.catIds = sorted(cocoGt.getCatIds())
        self.sigmas = _BODY_SIGMAS if sigmas is None else sigmas
        self.use_area = use_area
        self._keys, self.score_key = _PARTS.get(iouType, (('keypoints',), 'score'))

    @contextlib.contextmanager
    def _as(self, iou_type: str) -> Iterator[None]:
        """Temporarily use ``iou_type``, because pycocotools knows one type of keypoints."""
        kept = self.params.iouType
        if 'keypoints' in kept:
            self.params.iouType = iou_type
        try:
            yield
        finally:
            self.params.iouType = kept

    def evaluate(self) -> None:
        """Compare predictions and annotations of every image."""
        p = self.params
        if p.useSegm is not None:
            p.iouType, p.useSegm = ('segm' if p.useSegm == 1 else 'bbox'), None
        self._iou_type = p.iouType
        p.kpt_oks_sigmas = np.asarray(self.sigmas)
        with self._as('keypoints'):
            super().evaluate()
        self._paramsEval.iouType = self._iou_type

    def _prepare(self) -> None:
        with self._as('bbox'):  # groups by image and category, and no more
            super()._prepare()
        self._gts = _map_groups(self._gts, self._annotation)
        predictions = [ann for group in self._dts.values() for ann in group]
        if any(self.score_key not in ann for ann in predictions):
            warnings.warn(f'no {self.score_key!r} in predictions: by their score', stacklevel=2)
        self._dts = _map_groups(self._dts, self._prediction)

    def _annotation(self, ann: dict) -> dict:
        own = {**ann, 'id': ann['id'] + 1}
        if 'keypoints' in self._iou_type:
            own['keypoints'] = self._keypoints(ann)
            visible = np.count_nonzero(own['keypoints'][2::3] > 0)
            # CrowdPose counts the keypoints that can be seen, not all that are labeled.
            count = ann['num_keypoints'] if self._iou_type == 'keypoints_crowd' else visible
            own['ignore'] = count == 0 or ann['ignore']
        if not self.use_area or ('area' not in ann and 'keypoints' not in self._iou_type):
            own['area'] = ann['bbox'][2] * ann['bbox'][3] * _AREA_PER_BOX
        return own

    def _prediction(self, ann: dict) -> dict | None:
        score = ann[self.score_key if self.score_key in ann else 'score']
        own = {**ann, 'id': ann['id'] + 1, 'score': score}
        if 'keypoints' in self._iou_type:
            own['keypoints'] = self._keypoints(ann)
            if not np.any(own['keypoints'][2::3] > 0):
                return None  # nothing is predicted
        return own

    def _keypoints(self, ann: dict) -> ndarray:
        return np.concatenate([ann[key] for key in self._keys])

    def evaluateImg(self, *args: Any) -> dict | None:  # noqa: N802
        """Match the predictions of an image; -1 means no match."""
        found = super().evaluateImg(*args)
        if found is not None:
            for key in ('dtMatches', 'gtMatches'):
                found[key] = found[key].astype(np.int64) - 1
            for key in ('dtIds', 'gtIds'):
                found[key] = [number - 1 for number in found[key]]
        return found

    def accumulate(self, p: Any = None) -> None:
        """Gather precision and recall over all images."""
        found = self.evalImgs
        # pycocotools counts values that differ from 0.
        self.evalImgs = [each and {**each, 'dtMatches': each['dtMatches'] >= 0} for each in found]
        super().accumulate(p)
        self.evalImgs = found

    def summarize(self) -> None:
        """Print the metrics and keep them in ``stats``."""
        if self.params.iouType == 'keypoints_crowd':
            self._summarize_crowd()
            return
        with self._as('keypoints'):
            super().summarize()

    def _summarize_crowd(self) -> None:
        if not self.eval:
            raise RuntimeError('call accumulate() first')
        levels = self.get_type_result(*_CROWD_LEVELS)
        tables = [(key, iou) for key in ('precision', 'recall') for iou in (None, 0.5, 0.75)]
        self.stats = np.array([*(self._mean(*table) for table in tables), *levels])
        rows = [f'Average {key}, IoU {iou or "0.50:0.95"}' for key, iou in tables]
        rows += [f'Average precision of {level} images' for level in ('easy', 'medium', 'hard')]
        for row, value in zip(rows, self.stats, strict=True):
            print(f' {row:<32} = {value:0.3f}')

    def _mean(self, key: str, iou: float | None) -> float:
        values = self.eval[key]
        if iou is not None:
            values = values[self.params.iouThrs == iou]
        everywhere = values[..., self.params.areaRngLbl.index('all'), :]
        known = everywhere[everywhere > -1]
        return known.mean() if known.size else -1.0

    def get_type_result(self, first: float = 0.01, second: float = 0.85) -> list[float]:
        """Get the average precision of easy, medium and hard images, split at these crowdings."""
        levels: list[list] = [[], [], []]
        for image in self.cocoGt.dataset['images']:
            crowding = image['crowdIndex']
            levels[(crowding >= first) + (crowding >= second)].append(image['id'])
        return [self._precision_of(images) for images in levels]

    def _precision_of(self, images: list) -> float:
        iou_type = self.params.iouType
        part = COCOeval(self.cocoGt, self.cocoDt, iou_type, self.sigmas, self.use_area)
        part.params = copy.deepcopy(self.params)
        part.params.imgIds = images
        with contextlib.redirect_stdout(io.StringIO()):
            part.evaluate()
            part.accumulate()
        return np.mean(part.eval['precision'][:, :, :, 0]).round(4)


def _map_groups(groups: dict, change: Any) -> dict:
    changed = defaultdict(list)
    for key, group in groups.items():
        changed[key] = [own for ann in group if (own := change(ann)) is not None]
    return changed
