"""What the names in the video configs stand for: addresses of weights, files of data sets."""

from __future__ import annotations

from typing import Any

from ..weights.read import is_name
from ..weights.zoo import find

# CLIP's ViTs, as published by mmaction2.
_FOLDER = 'https://download.openmmlab.com/mmaction/v1.0/recognition/uniformerv2/clipVisualEncoder'
CLIP = {
    'clip_b16': f'{_FOLDER}/vit-base-p16-res224_clip-rgb_20221219-b8a5da86.pth',
    'clip_l14': f'{_FOLDER}/vit-large-p14-res224_clip-rgb_20221219-9de7543e.pth',
    'clip_l14_336': f'{_FOLDER}/vit-large-p14-res336_clip-rgb_20221219-d370f9e5.pth',
}
# Name → list of files and folder, for each split.
DATASETS = {
    'k400': ('kinetics400/kinetics400_{split}_list_videos.txt', 'kinetics400/videos_{split}'),
    'k600': ('kinetics600/kinetics600_{split}_list_videos.txt', 'kinetics600/videos_{split}'),
    'k700': ('kinetics700/kinetics700_{split}_list_videos.txt', 'kinetics700/videos_{split}'),
    'k710': ('kinetics710/kinetics710_{split}_list_videos.txt', ''),  # written by make-k710
    'ssv1': ('sthv1/sthv1_{split}_list_rawframes.txt', 'sthv1/rawframes'),
    'ssv2': ('sthv2/sthv2_{split}_list_videos.txt', 'sthv2/videos'),
    'ucf101': ('ucf101/ucf101_{split}_split_1_videos.txt', 'ucf101/videos'),
    'hmdb51': ('hmdb51/hmdb51_{split}_split_1_videos.txt', 'hmdb51/videos'),
    'mit': ('mit/mit_{split}_list_videos.txt', 'mit/videos/{folder}'),
    'anet': ('ActivityNet/anet_{split}_list_videos.txt', 'ActivityNet/videos'),
    'hacs': ('HACS/hacs_{split}_list_videos.txt', 'HACS/videos'),
}
IMAGES = {'ssv1': '{:05}.jpg'}  # data sets of single frames, and the names of their files


def pretrained(weights: str) -> dict[str, Any]:
    """``init_cfg`` for weights by name, path or URL.

    A name becomes an address here, so that a config that was dumped needs no table of names. A
    released file without a direct link is expected where ``mmuniformer zoo fetch`` puts it.

    Args:
        weights: a name of ``mmuniformer zoo list`` or a key of :data:`CLIP`, a path or a URL.

    Raises:
        ValueError: no released file has this name.
    """
    checkpoint = CLIP.get(weights, weights)
    if is_name(checkpoint):
        row = find(checkpoint)
        checkpoint = row.url or f'checkpoints/{row.file_name}'
    return dict(type='Pretrained', checkpoint=checkpoint)


def dataset(data: str, split: str, pipeline: list[dict[str, Any]]) -> dict[str, Any]:
    """Data set by its name, ``split`` being ``'train'`` or ``'val'``.

    Raises:
        ValueError: there is no data set of this name.
    """
    if data not in DATASETS:
        raise ValueError(f'no data set is called {data!r}; there are {", ".join(DATASETS)}')
    folder = {'train': 'training', 'val': 'validation'}[split]
    files, videos = (
        f'data/{part.format(split=split, folder=folder)}'.rstrip('/') for part in DATASETS[data]
    )
    if data in IMAGES:
        kind = dict(type='LenientRawframeDataset', filename_tmpl=IMAGES[data])
        return dict(kind, ann_file=files, data_prefix=dict(img=videos), pipeline=pipeline)
    return dict(
        type='LenientVideoDataset', ann_file=files, data_prefix=dict(video=videos),
        pipeline=pipeline,
    )  # fmt: skip
