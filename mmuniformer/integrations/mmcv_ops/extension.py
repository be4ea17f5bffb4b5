"""The module that replaces mmcv's compiled ``mmcv._ext``."""

import importlib
import importlib.metadata
from collections.abc import Callable
from types import ModuleType

NAME = 'mmcv._ext'
SERVED_BY = 'mmuniformer'

# One file per family; __all__ names its operators.
_FAMILIES = (
    'attention', 'boxes', 'deform', 'deform_roi_pool', 'focal', 'masks', 'nms', 'reassembly',
    'roi_align', 'roi_pool', 'shift', 'sync_bn',
)  # fmt: skip

# The other operators mmcv asks for: point clouds, rotated boxes, text and image generation, none of
# which a model of mmdet, mmsegmentation, mmpose, mmaction2 or mmpretrain uses.
UNSERVED = (
    'active_rotated_filter_backward', 'active_rotated_filter_forward',
    'assign_score_withk_backward', 'assign_score_withk_forward',
    'ball_query_forward', 'bezier_align_backward', 'bezier_align_forward', 'bias_act',
    'border_align_backward', 'border_align_forward',
    'box_iou_quadri', 'chamfer_distance_backward', 'chamfer_distance_forward', 'contour_expand',
    'convex_giou', 'convex_iou', 'correlation_backward', 'correlation_forward',
    'diff_iou_rotated_sort_vertices_forward', 'dynamic_point_to_voxel_backward',
    'dynamic_point_to_voxel_forward', 'dynamic_voxelize_forward', 'filtered_lrelu',
    'filtered_lrelu_act_', 'furthest_point_sampling_forward',
    'furthest_point_sampling_with_dist_forward', 'fused_bias_leakyrelu',
    'fused_indice_conv_forward', 'gather_points_backward', 'gather_points_forward',
    'get_indice_pairs_2d_backward', 'get_indice_pairs_2d_forward', 'get_indice_pairs_3d_backward',
    'get_indice_pairs_3d_forward', 'get_indice_pairs_4d_forward', 'group_points_backward',
    'group_points_forward', 'hard_voxelize_forward', 'indice_conv_backward', 'indice_conv_forward',
    'indice_maxpool_backward', 'indice_maxpool_forward', 'iou3d_boxes_overlap_bev_forward',
    'iou3d_nms3d_forward', 'iou3d_nms3d_normal_forward', 'knn_forward', 'min_area_polygons',
    'nms_quadri', 'pixel_group', 'points_in_boxes_all_forward', 'points_in_boxes_cpu_forward',
    'points_in_boxes_part_forward', 'points_in_polygons_forward', 'prroi_pool_backward',
    'prroi_pool_coor_backward', 'prroi_pool_forward', 'riroi_align_rotated_backward',
    'riroi_align_rotated_forward', 'roi_align_rotated_backward', 'roi_align_rotated_forward',
    'roiaware_pool3d_backward', 'roiaware_pool3d_forward', 'roipoint_pool3d_forward',
    'rotated_feature_align_backward', 'rotated_feature_align_forward', 'stack_ball_query_forward',
    'stack_group_points_backward', 'stack_group_points_forward', 'three_interpolate_backward',
    'three_interpolate_forward', 'three_nn_forward', 'upfirdn2d',
)  # fmt: skip


def make_extension() -> ModuleType:
    """Return a new module with every name that ``mmcv.ops`` imports from its compiled module.

    Operators in ``UNSERVED`` raise NotImplementedError when they are called. A compiled module has
    no attribute ``__served_by__``.

    Raises:
        ImportError: torchvision is missing or was built for another torch.
    """
    _require_torchvision()
    module = ModuleType(NAME, 'Operators of mmcv, on torchvision and plain torch.')
    vars(module).update(
        __served_by__=SERVED_BY,
        get_compiler_version=lambda: f'none, served by {SERVED_BY}',
        get_compiling_cuda_version=lambda: 'not available',
    )
    for family in _FAMILIES:
        operators = importlib.import_module(f'.{family}', __package__)
        for name in operators.__all__:
            setattr(module, name, getattr(operators, name))
    for name in UNSERVED:
        setattr(module, name, _unserved(name))
    return module


def _unserved(name: str) -> Callable:
    def operator(*args: object, **kwargs: object) -> None:
        raise NotImplementedError(
            f'{name} is an operator of mmcv that {SERVED_BY} does not serve; for a compiled mmcv '
            'run `bash tools/setup.sh all --stack compiled` in a checkout, or build mmcv 2.1.0 '
            'from source with torch<2.14 and Python<=3.12'
        )

    operator.__name__ = operator.__qualname__ = name
    return operator


def _require_torchvision() -> None:
    try:
        import torch
        import torchvision  # noqa: F401

        for name in ('nms', 'roi_align', 'deform_conv2d'):
            getattr(torch.ops.torchvision, name)
    except (ImportError, OSError, RuntimeError, AttributeError) as error:
        raise ImportError(
            f'the operators of mmcv need a torchvision that fits torch, found torch '
            f'{_version("torch")} and torchvision {_version("torchvision")} ({error}); install '
            'both from the same source: `pip install --force-reinstall torch torchvision`',
            name=NAME,
        ) from error


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return 'none'
