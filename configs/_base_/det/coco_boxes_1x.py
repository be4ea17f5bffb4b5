"""COCO boxes without masks at up to 800 × 1333 pixels, 12 epochs."""

_base_ = ['mmdet::_base_/datasets/coco_detection.py', './schedule_1x.py']
