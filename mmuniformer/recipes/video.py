"""Networks, pipelines and schedules of the video configs, as published.

UniFormer: Sec. 4.2 and 5.2 of the paper, and the settings of the released code. UniFormerV2:
arXiv 2211.09552, Sec. 3, and the settings of the released scripts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .names import IMAGES, dataset, pretrained

Part = dict[str, Any]  # of a config
Pipeline = list[Part]
Pipelines = tuple[Pipeline, Pipeline, Pipeline]  # of training, validation, test

CHANNELS = {
    'small': 512, 'base': 512, 'xxs': 448, 'xxs_ls': 448, 'xs': 512,
    'b16': 768, 'l14': 1024, 'l14_336': 1024,
}  # fmt: skip
MEAN, STD = 114.75, 57.375  # 0.45 and 0.225 of 255, in CLIP's ViTs too
SAMPLERS = ('SampleFrames', 'UniformSample')
CROPS = {1: 'CenterCrop', 3: 'ThreeCrop'}


def uniformer(
    arch: str | Part,
    *,
    classes: int,
    weights: str | None = None,
    bgr: bool = False,
    mix: bool = True,
    channels: int | None = None,
    **backbone: Any,
) -> Part:
    """UniFormer with a linear classifier (paper, Sec. 4.2), trained on mixed clips (B, 3, T, H, W).

    Label smoothing 0.1, no dropout. Views are averaged before the softmax, as published.

    Args:
        arch: row of the table of ``UniFormer3D``, or the fields that differ from ``'small'``.
        classes: rows of the classifier.
        weights: where training starts; see :func:`.names.pretrained`.
        bgr: blue first, as the released models of Something-Something and HMDB51 take frames.
        mix: blend the clips of every batch by Mixup or CutMix.
        channels: of the last map, if they are not those of a published size.
        backbone: further arguments of ``UniFormer3D``.

    Raises:
        ValueError: there is no such size, or no released file of this name.
    """
    net = {'type': 'UniFormer3D', 'arch': arch, 'attention': 'joint', 'out_indices': 3, **backbone}
    head = _smoothed('I3DHead', classes, channels or _channels(arch))
    return _recognizer(net, head, weights, bgr, blending=_blending(classes) if mix else None)


def uniformer_light(
    arch: str | Part,
    *,
    classes: int,
    weights: str | None = None,
    mix: bool = True,
    channels: int | None = None,
    **backbone: Any,
) -> Part:
    """Light UniFormer; arguments as of :func:`uniformer`.

    The classifiers of the map and of the class token each contribute half of the loss. Predictions
    come from the map. Activations of four blocks of stage 3 are recomputed in the backward pass.
    """
    net = {
        'type': 'UniFormerLight3D', 'arch': arch, 'out_indices': 3, 'out_cls_token': True,
        'with_cp': (0, 0, 4, 0), **backbone,
    }  # fmt: skip
    head = _smoothed('HourglassI3DHead', classes, channels or _channels(arch))
    return _recognizer(net, head, weights, blending=_blending(classes) if mix else None)


def uniformerv2(
    arch: str | Part,
    *,
    classes: int,
    weights: str | None = None,
    bgr: bool = False,
    channels: int | None = None,
    **backbone: Any,
) -> Part:
    """UniFormerV2 with a linear classifier; arguments as of :func:`uniformer`.

    Global UniBlocks read the last layers of CLIP's ViT. Dropout 0.5 in their FFNs and before the
    classifier. No mixing, no label smoothing. Views are averaged after the softmax, as published.
    """
    net = {'type': 'UniFormerV2', 'arch': arch, 'global_drop_rate': 0.5, **backbone}
    head = dict(
        type='TimeSformerHead', num_classes=classes, in_channels=channels or _channels(arch),
        dropout_ratio=0.5, init_std=0.02, average_clips='prob',
    )  # fmt: skip
    return _recognizer(net, head, weights, bgr)


def _channels(arch: str | Part) -> int:
    name = arch if isinstance(arch, str) else 'small'
    if name not in CHANNELS:
        raise ValueError(f'no size is called {name!r}; there are {", ".join(CHANNELS)}')
    return CHANNELS[name]


def _smoothed(head: str, classes: int, channels: int) -> Part:
    return dict(
        type=head, num_classes=classes, in_channels=channels, spatial_type='avg', dropout_ratio=0.0,
        init_std=0.02, label_smooth_eps=0.1, average_clips='score',
    )  # fmt: skip


def _blending(classes: int) -> Part:
    mixup = dict(type='MixupBlending', alpha=0.8, num_classes=classes)
    cutmix = dict(type='CutmixBlending', alpha=1.0, num_classes=classes)
    return dict(type='RandomBatchAugment', augments=[mixup, cutmix])


def _recognizer(
    backbone: Part, head: Part, weights: str | None, bgr: bool = False, **preprocessor: Any
) -> Part:
    if weights is not None:
        backbone['init_cfg'] = pretrained(weights)
    if bgr:  # mmaction2 loads RGB, and to_rgb swaps the channels in either direction
        preprocessor['to_rgb'] = True
    return dict(
        type='Recognizer3D',
        data_preprocessor=normalize(**preprocessor),
        backbone=backbone,
        cls_head=head,
        test_cfg=dict(max_testing_views=None),
    )


def normalize(type: str = 'ActionDataPreprocessor', **options: Any) -> Part:
    """Preprocessor of batches of clips, with the mean and deviation of all networks here."""
    return dict(type=type, mean=[MEAN] * 3, std=[STD] * 3, format_shape='NCTHW', **options)


def dense(frames: int, stride: int, *, clips: int, crops: int, **augmentation: Any) -> Pipelines:
    """Pipelines for ``frames`` of a video, ``stride`` apart; validation takes one view.

    Args:
        clips: views of a test in time.
        crops: views of a test in space, 1 or 3.
        augmentation: see :func:`augment`.
    """
    # With a target_fps, mmaction2 samples as published: evenly from the first to the last of frames
    # times stride. The frame rate is hidden from it, because the published runs count frames.
    sample = dict(
        type='SampleFrames', clip_len=frames, frame_interval=stride, target_fps=30,
        out_of_bound_opt='repeat_last',
    )  # fmt: skip
    start, decode = dict(type='OpenVideo'), dict(type='DecordDecode')
    hide = dict(type='KeyMapper', mapping=dict(avg_fps='unknown'), auto_remap=False)
    train: Pipeline = [start, sample, decode, *augment(**augmentation)]
    val: Pipeline = [start, hide, dict(sample, test_mode=True), decode, *_crop(1)]
    return train, val, views(val, clips=clips, crops=crops)


def sparse(
    frames: int,
    *,
    clips: int,
    crops: int,
    val_crops: int = 1,
    images: bool = False,
    side: int = 224,
    **augmentation: Any,
) -> Pipelines:
    """Pipelines for ``frames`` spread over the whole video; arguments as of :func:`dense`.

    Args:
        val_crops: crops of validation, which takes one clip.
        images: frames are files, as in Something-Something V1.
        side: pixels of a clip's height and width.
    """
    sample = dict(type='UniformSample', clip_len=frames)
    start: Pipeline = [] if images else [dict(type='OpenVideo')]
    decode = dict(type='ReadFrames' if images else 'DecordDecode')
    train = [*start, sample, decode, *augment(side, **augmentation)]
    val = [*start, dict(sample, test_mode=True), decode, *_crop(val_crops, side)]
    return train, val, views(val, clips=clips if clips > 1 else None, crops=crops)


def augment(
    side: int = 224,
    *,
    magnitude: int = 7,
    operations: int = 4,
    flip: bool = True,
    erase: bool = True,
) -> Pipeline:
    """Steps of training after the frames are read.

    Args:
        magnitude: of RandAugment, out of 10. The published runs vary it by 0.5 and draw from two
            operations that torchvision lacks.
        operations: of RandAugment, each with probability 0.5.
        flip: left and right at random; they are part of Something-Something's classes.
        erase: one box per clip, filled with noise of the data's mean and standard deviation.
    """
    operation = dict(
        type='TorchVisionWrapper', op='RandAugment', num_ops=1, magnitude=magnitude,
        num_magnitude_bins=11, interpolation=2, fill=[128, 128, 128],
    )  # fmt: skip
    erasing = dict(
        type='RandomErasing', erase_prob=0.25, mode='rand', fill_color=[MEAN] * 3,
        fill_std=[STD] * 3,
    )  # fmt: skip
    return [
        *[dict(type='RandomApply', prob=0.5, transforms=[operation])] * operations,
        dict(type='RandomResizedCrop', area_range=(0.08, 1.0), aspect_ratio_range=(0.75, 1.3333)),
        dict(type='Resize', scale=(side, side), keep_ratio=False),
        *([dict(type='Flip', flip_ratio=0.5)] if flip else []),
        *([erasing] if erase else []),
        *_pack(),
    ]


def _crop(crops: int, side: int = 224) -> Pipeline:
    resize: Part = dict(type='Resize', scale=(-1, side))
    return [resize, dict(type=_crop_type(crops), crop_size=side), *_pack()]


def _crop_type(crops: int) -> str:
    if crops not in CROPS:
        raise ValueError(f'a test takes 1 or 3 crops, not {crops!r}')
    return CROPS[crops]


def _pack() -> Pipeline:
    return [dict(type='FormatShape', input_format='NCTHW'), dict(type='PackActionInputs')]


def views(
    pipeline: Sequence[Mapping], *, clips: int | None = None, crops: int | None = None
) -> Pipeline:
    """Copy a pipeline of a test, with other numbers of clips or of crops, 1 or 3."""
    changes: dict[str, Part] = {}
    if clips is not None:
        changes |= {sampler: dict(num_clips=clips) for sampler in SAMPLERS}
    if crops is not None:
        changes |= {crop: dict(type=_crop_type(crops)) for crop in CROPS.values()}
    return [{**step, **changes.get(step['type'], {})} for step in pipeline]


def loaders(
    data: str,
    train_pipeline: Pipeline,
    val_pipeline: Pipeline,
    test_pipeline: Pipeline,
    *,
    batch_size: int,
    repeats: int = 2,
    val_batch_size: int = 4,
) -> tuple[Part, Part, Part]:
    """Data loaders of training, validation and test; a test takes one video at a time.

    Args:
        data: key of :data:`.names.DATASETS`.
        batch_size: videos in a step of one GPU.
        repeats: augmented clips of each video. Those of a data set of images are not in the same
            step, as in the published runs, but in the same epoch, because mmaction2 repeats samples
            of video files only: its batch is of clips.

    Raises:
        ValueError: there is no such data set.
    """
    train, collate = dataset(data, 'train', train_pipeline), 'pseudo_collate'
    if data in IMAGES:
        train = dict(type='RepeatDataset', times=repeats, dataset=train)
    elif repeats > 1:
        train |= dict(type='LenientRepeatAugDataset', num_repeats=repeats, sample_once=True)
        collate = 'repeat_pseudo_collate'
    val = dict(dataset(data, 'val', val_pipeline), test_mode=True)
    test = dict(val, pipeline=test_pipeline)
    return (
        loader(train, batch_size, shuffle=True, collate_fn=dict(type=collate)),
        loader(val, val_batch_size),
        loader(test, 1),
    )


def loader(dataset: Part, batch_size: int, *, shuffle: bool = False, **options: Any) -> Part:
    """Data loader with eight workers."""
    sampler = dict(type='DefaultSampler', shuffle=shuffle)
    return dict(
        batch_size=batch_size, num_workers=8, persistent_workers=True, sampler=sampler,
        dataset=dataset, **options,
    )  # fmt: skip


def schedule(
    *,
    epochs: int,
    warmup: int,
    lr: float,
    base_batch_size: int,
    weight_decay: float = 0.05,
    start_lr: float = 1e-6,
    end_lr: float = 1e-6,
    scale_end: bool = False,
    val_interval: int = 5,
) -> tuple[Part, list[Part], Part, Part]:
    """AdamW with a cosine after a linear warm-up (paper, Sec. 5.2).

    Args:
        epochs: of the whole training.
        warmup: epochs from ``start_lr`` to ``lr``.
        lr: for ``base_batch_size`` videos a step, all GPUs together.
        end_lr: after the last epoch.
        scale_end: scale ``end_lr`` with ``lr`` when a run on fewer GPUs scales that.
        val_interval: epochs between validations.

    Returns:
        ``optim_wrapper``, ``param_scheduler``, ``train_cfg`` and ``auto_scale_lr``.
    """
    by_epoch = dict(by_epoch=True, convert_to_iter_based=True)
    rise = dict(type='LinearLR', start_factor=start_lr / lr, begin=0, end=warmup, **by_epoch)
    end = dict(eta_min=None, eta_min_ratio=end_lr / lr) if scale_end else dict(eta_min=end_lr)
    cosine = dict(
        type='CosineAnnealingLR', begin=warmup, end=epochs, T_max=epochs - warmup, **end, **by_epoch
    )
    return (
        adamw(lr, weight_decay),
        [rise, cosine] if warmup else [cosine],
        dict(type='EpochBasedTrainLoop', max_epochs=epochs, val_interval=val_interval),
        dict(enable=False, base_batch_size=base_batch_size),
    )


def adamw(lr: float, weight_decay: float = 0.05) -> Part:
    """AdamW, with no weight decay on BatchNorms and other one-dimensional parameters.

    Gradients are clipped to a norm of 20. The published runs used half precision: ``--amp`` on a
    GPU.
    """
    return dict(
        type='OptimWrapper',
        constructor='LayerwiseOptimWrapperConstructor',
        paramwise_cfg=dict(flat_decay_mult=0.0),
        optimizer=dict(type='AdamW', lr=lr, betas=(0.9, 0.999), weight_decay=weight_decay),
        clip_grad=dict(max_norm=20.0),
    )
