"""COCO boxes and masks at up to 800 × 1333 pixels, 12 epochs (paper, Sec. 5.3)."""

_base_ = ['mmdet::_base_/datasets/coco_instance.py', './schedule_1x.py']
