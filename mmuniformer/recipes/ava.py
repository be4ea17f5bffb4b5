"""Detection of actions on AVA 2.2: the network, the data and mmaction2's settings for them."""

from __future__ import annotations

from typing import Any

from .names import pretrained
from .video import Part, Pipeline, Pipelines, loader, normalize, schedule

FRAMES = 'data/ava/rawframes'
ANNOTATIONS = 'data/ava/annotations'
LABELS = f'{ANNOTATIONS}/ava_action_list_v2.2_for_activitynet_2019.pbtxt'


def fast_rcnn(
    arch: str, *, classes: int, weights: str, channels: int = 512, **backbone: Any
) -> Part:
    """UniFormer with mmaction2's Fast R-CNN for action detection on precomputed person boxes.

    RoIs are pooled from the backbone's last map, averaged over time; a box may have several
    classes.

    Args:
        arch: row of the table of ``UniFormer3D``.
        classes: actions and the background.
        weights: where training starts; see :func:`.names.pretrained`.
        channels: of the last map.
        backbone: further arguments of ``UniFormer3D``.
    """
    return dict(
        type='FastRCNN',
        _scope_='mmdet',
        data_preprocessor=normalize('mmaction.ActionDataPreprocessor'),
        # A tuple of one map (B, C, T / 2, H / 32, W / 32), after the BatchNorm of the classifiers.
        backbone=dict(
            type='mmuniformer.UniFormer3D', arch=arch, attention='joint', out_indices=(3,),
            init_cfg=pretrained(weights), **backbone,
        ),
        roi_head=dict(
            type='AVARoIHead',
            bbox_roi_extractor=dict(
                type='SingleRoIExtractor3D', roi_layer_type='RoIAlign', featmap_stride=32,
                output_size=8, with_temporal_pool=True,
            ),
            bbox_head=dict(
                type='BBoxHeadAVA', background_class=True, in_channels=channels,
                num_classes=classes, multilabel=True, dropout_ratio=0.5,
            ),
        ),
        train_cfg=dict(
            rcnn=dict(
                assigner=dict(
                    type='MaxIoUAssignerAVA', pos_iou_thr=0.9, neg_iou_thr=0.9, min_pos_iou=0.9
                ),
                sampler=dict(
                    type='RandomSampler', num=32, pos_fraction=1, neg_pos_ub=-1,
                    add_gt_as_proposals=True,
                ),
                pos_weight=1.0,
            )
        ),
        test_cfg=dict(rcnn=None),
    )  # fmt: skip


def clips(frames: int, stride: int) -> Pipelines:
    """Pipelines for frames around the annotated second, which a test sees whole."""
    sample = dict(type='SampleAVAFrames', clip_len=frames, frame_interval=stride)
    decode = dict(type='RawFrameDecode')
    pack: Pipeline = [
        dict(type='FormatShape', input_format='NCTHW', collapse=True),
        dict(type='PackActionInputs'),
    ]
    train: Pipeline = [
        sample,
        decode,
        dict(type='RandomRescale', scale_range=(256, 320)),
        dict(type='RandomCrop', size=256),
        dict(type='Flip', flip_ratio=0.5),
        *pack,
    ]
    test: Pipeline = [
        dict(sample, test_mode=True),
        decode,
        dict(type='Resize', scale=(-1, 256)),
        *pack,
    ]
    return train, test, test


def ava_loaders(
    train_pipeline: Pipeline,
    val_pipeline: Pipeline,
    test_pipeline: Pipeline,
    *,
    batch_size: int,
) -> tuple[Part, Part, Part]:
    """Data loaders of training, validation and test, with the boxes of a person detector."""
    val = dict(_ava('val', val_pipeline), test_mode=True)
    return (
        loader(_ava('train', train_pipeline), batch_size, shuffle=True),
        loader(val, 1),
        loader(dict(val, pipeline=test_pipeline), 1),
    )


def _ava(split: str, pipeline: Pipeline) -> Part:
    return dict(
        type='AVADataset',
        data_prefix=dict(img=FRAMES),
        label_file=LABELS,
        ann_file=f'{ANNOTATIONS}/ava_{split}_v2.2.csv',
        exclude_file=f'{ANNOTATIONS}/ava_{split}_excluded_timestamps_v2.2.csv',
        proposal_file=f'{ANNOTATIONS}/ava_dense_proposals_{split}.FAIR.recall_93.9.pkl',
        pipeline=pipeline,
    )


def ava_metric() -> Part:
    """Mean average precision on the annotations of validation, instead of accuracy."""
    data = _ava('val', [])
    files = {key: data[key] for key in ('ann_file', 'exclude_file', 'label_file')}
    return dict(_delete_=True, type='AVAMetric', **files)


def ava_schedule(
    *, epochs: int, warmup: int, lr: float, base_batch_size: int
) -> tuple[Part, list[Part], Part, Part]:
    """Schedule of mmaction2's AVA models trained with AdamW; see :func:`.video.schedule`."""
    return schedule(
        epochs=epochs, warmup=warmup, lr=lr, base_batch_size=base_batch_size, start_lr=lr / 10,
        end_lr=0, val_interval=1,
    )  # fmt: skip
