"""Time mmcv's operators on the CPU: those mmuniformer serves beside the compiled ones."""

import argparse
import importlib
import statistics
import sys
import time
from collections.abc import Callable
from types import ModuleType

import torch
from torch import Tensor

from mmuniformer.apis.benchmarking.report import describe_environment
from mmuniformer.integrations.mmcv_ops import make_extension, serve_operators

Case = tuple[Callable[..., Tensor], tuple[Tensor, ...]]


def cases_on_boxes() -> dict[str, Case]:
    """Return operators and a detector's boxes on one image."""
    from mmcv import ops

    corners = torch.rand(1000, 2) * 600
    boxes = torch.cat([corners, corners + torch.rand(1000, 2) * 200], 1)
    scores = torch.rand(1000)
    rotated = torch.cat([corners, torch.rand(1000, 2) * 200, torch.rand(1000, 1)], 1)
    rois = torch.cat([torch.zeros(100, 1), boxes[:100]], 1)
    maps = torch.randn(1, 64, 50, 50)
    return {
        'nms': (lambda *x: ops.nms(*x, 0.5)[0], (boxes, scores)),
        'soft_nms': (lambda *x: ops.soft_nms(*x)[0], (boxes, scores)),
        'nms_match': (lambda *x: ops.nms_match(torch.cat(x, 1), 0.5)[0], (boxes, scores[:, None])),
        'nms_rotated': (lambda *x: ops.nms_rotated(*x, 0.5)[0], (rotated[:300], scores[:300])),
        'bbox_overlaps': (ops.bbox_overlaps, (boxes, boxes)),
        'box_iou_rotated': (ops.box_iou_rotated, (rotated[:100], rotated[:100])),
        'roi_align': (lambda x: ops.roi_align(x, rois, 7, 1 / 16), (maps,)),
        'roi_align max': (lambda x: ops.roi_align(x, rois, 7, 1 / 16, 0, 'max'), (maps,)),
        'roi_pool': (lambda x: ops.roi_pool(x, rois, 7, 1 / 16), (maps,)),
        'deform_roi_pool': (lambda x: ops.deform_roi_pool(x, rois, None, 7, 1 / 16), (maps,)),
    }


def cases_on_maps() -> dict[str, Case]:
    """Return operators and small feature maps."""
    from mmcv import ops
    from mmcv.ops.multi_scale_deform_attn import MultiScaleDeformableAttnFunction

    image, weight = torch.randn(1, 64, 32, 32), torch.randn(64, 64, 3, 3)
    offset, mask = torch.randn(1, 18, 32, 32), torch.rand(1, 9, 32, 32)
    logits, labels = torch.randn(5000, 80), torch.randint(0, 80, (5000,))
    shapes, starts = torch.tensor([[32, 32], [16, 16]]), torch.tensor([0, 1024])
    attention = (torch.randn(1, 1280, 8, 32), torch.rand(1, 300, 8, 2, 4, 2))
    attention += (torch.rand(1, 300, 8, 2, 4),)
    marks, bias = (torch.rand(1, 32, 32) < 0.3).float(), torch.rand(64)
    clip, shift = torch.randn(2, 8, 64, 784), torch.randint(-3, 4, (2, 8)).int()

    def attend(value: Tensor, *rest: Tensor) -> Tensor:
        return MultiScaleDeformableAttnFunction.apply(value, shapes, starts, *rest, 64)

    def modulated(*tensors: Tensor) -> Tensor:
        return ops.modulated_deform_conv2d(*tensors, None, 1, 1, 1, 1, 1)

    return {
        'deform_conv2d': (lambda *x: ops.deform_conv2d(*x, 1, 1), (image, offset, weight)),
        'modulated_deform_conv2d': (modulated, (image, offset, mask, weight)),
        'sigmoid_focal_loss': (lambda x: ops.sigmoid_focal_loss(x, labels), (logits,)),
        'softmax_focal_loss': (lambda x: ops.softmax_focal_loss(x, labels), (logits,)),
        'ms_deform_attn': (attend, attention),
        'carafe': (lambda *x: ops.carafe(*x, 5, 1, 2), (image, torch.rand(1, 25, 64, 64))),
        'masked_conv2d': (lambda x: ops.masked_conv2d(x, marks, weight, bias, 1), (image,)),
        'psa_mask': (ops.PSAMask('collect', (31, 31)), (torch.randn(1, 961, 16, 16),)),
        'tin_shift': (lambda x: ops.tin_shift(x, shift), (clip,)),
    }


def use(extension: ModuleType) -> None:
    """Have all of mmcv.ops call the operators of ``extension``."""
    for name, module in list(sys.modules.items()):
        if name.startswith('mmcv.ops.') and hasattr(module, 'ext_module'):
            module.ext_module = extension


def measure(extension: ModuleType, case: Case, backward: bool) -> float:
    """Return the milliseconds of one pass; NaN where there is none."""
    operator, tensors = case
    leaves = [tensor.detach().requires_grad_(backward) for tensor in tensors]
    use(extension)
    try:
        start = time.perf_counter()
        output = operator(*leaves)
        if backward:
            share = torch.ones_like(output)
            start = time.perf_counter()
            output.backward(share)
    except (RuntimeError, NotImplementedError):  # nothing for the CPU, or no gradient
        return float('nan')
    return 1000 * (time.perf_counter() - start)


def medians(
    extensions: tuple[ModuleType, ...], case: Case, backward: bool, count: int
) -> list[float]:
    """Time the extensions in turns."""
    times = [[measure(e, case, backward) for e in extensions] for _ in range(count + 1)]
    return [statistics.median(column) for column in zip(*times[1:], strict=True)]


def cells(served: float, compiled: float) -> list[str]:
    numbers = (f'{served:.2f}', f'{compiled:.2f}', f'{served / compiled:.3f}')
    return [number if number != 'nan' else '–' for number in numbers]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--repetitions', type=int, default=15, help='per operator and pass')
    parser.add_argument('--only', default='', help='operators whose name contains this text')
    args = parser.parse_args()
    serve_operators()
    compiled = importlib.import_module('mmcv._ext')
    importlib.import_module('mmcv.ops')
    if hasattr(compiled, '__served_by__'):
        parser.exit(
            1, 'mmcv has no compiled operators here: bash tools/setup.sh all --stack compiled\n'
        )
    facts = describe_environment('cpu')
    print(', '.join(f'{name} {value}' for name, value in facts.items()), end='\n\n')
    head = ('served ms', 'compiled ms', 'ratio')
    print('| operator |', ' | '.join([*head, *(f'backward {name}' for name in head)]), '|')
    print('|' + '---|' * 7)
    torch.manual_seed(0)
    for name, case in {**cases_on_boxes(), **cases_on_maps()}.items():
        if args.only in name:
            row = [name]
            for backward in (False, True):
                row += cells(
                    *medians((make_extension(), compiled), case, backward, args.repetitions)
                )
            print('|', ' | '.join(row), '|', flush=True)


if __name__ == '__main__':
    main()
