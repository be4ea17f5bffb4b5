"""Writing a net in a format, and running the file again."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from .nets import FIXED, Exportable, has_positions, has_windows, prunes

# Of the input that is traced. Windows of 14 and 32 leave a rest on both sides at stride 16: what is
# padded has to be seen. Neither side, nor the batch, is one that occurs elsewhere in the net, also
# when it is rounded down to whole patches: then positions are resized.
TRACED_BATCH, TRACED_SIZE = 2, (280, 312)
Runner = Callable[[Tensor], list[Tensor]]


def export_onnx(item: Exportable, example: Tensor, file: Path) -> None:
    program = torch.onnx.export(
        item.net,
        (example,),
        dynamo=True,
        dynamic_shapes=(item.axes,),
        input_names=['input'],
        output_names=item.output_names or None,
        verbose=False,
    )
    program.model.metadata_props.update(item.metadata)
    program.save(str(file))


def export_program(item: Exportable, example: Tensor, file: Path) -> None:
    axes = dict.fromkeys(item.axes, torch.export.Dim.DYNAMIC)
    program = torch.export.export(item.net, (example,), dynamic_shapes=(axes,), strict=False)
    torch.export.save(program, file)


def onnx_runner(file: Path, threads: int = 1) -> Runner:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = threads
    session = onnxruntime.InferenceSession(str(file), options, providers=['CPUExecutionProvider'])

    def run(x: Tensor) -> list[Tensor]:
        return [torch.from_numpy(out) for out in session.run(None, {'input': x.numpy()})]

    return run


def program_runner(file: Path, threads: int = 1) -> Runner:
    return eager_runner(torch.export.load(file).module())


def eager_runner(net: nn.Module) -> Runner:
    def run(x: Tensor) -> list[Tensor]:
        with torch.inference_mode():
            out = net(x)
        return [out] if isinstance(out, Tensor) else list(out)

    return run


FORMATS = {
    'onnx': (export_onnx, onnx_runner),
    'torch_export': (export_program, program_runner),
}


def fix_size(item: Exportable, size: Sequence[int] | None, file_format: str) -> None:
    """Decide whether height and width vary.

    Raises:
        ValueError: they cannot, and no ``size`` is given; the net does not take ``size``; or the
            format has no such net.
    """
    if file_format == 'onnx' and prunes(item.net):
        raise ValueError(
            'the light nets sort tokens by score, first come first, and ONNX has no such sort; '
            'give --format torch_export'
        )
    if size is not None:
        _check_size(item, tuple(size))
        item.size = (*item.size[:-2], *size)
    reason = item.fixed_reason
    if file_format == 'torch_export':
        reason = reason or why_guarded(item.net)
    if size is None and reason is not None and len(item.size) == 2:
        raise ValueError(f'height and width cannot vary: {reason}; {FIXED}')
    if size is not None or len(item.size) == 3:
        item.axes = {0: 'batch'}


def _check_size(item: Exportable, size: tuple[int, ...]) -> None:
    if any(side % item.multiple for side in size):
        raise ValueError(
            f'--fixed-size: the net takes multiples of {item.multiple}, got {size[0]} {size[1]}'
        )
    if item.own_size_alone and size != item.size[-2:]:
        raise ValueError(
            '--fixed-size: the head is made for {} {} alone, got {} {}'.format(
                *item.size[-2:], *size
            )
        )


def why_guarded(net: nn.Module) -> str | None:
    """Why a program of torch.export refuses some sizes when it runs, if it does."""
    guarded = 'so that other sizes are refused when the file runs (ONNX files take every size)'
    if has_windows(net):
        return f'torch.export guards how a map is cut into windows, {guarded}'
    if has_positions(net):
        return f'torch.export guards whether positions are resized, {guarded}'
    return None


def write(item: Exportable, file: Path, file_format: str) -> None:
    size = item.size
    if 2 in item.axes:
        size = tuple(side // item.multiple * item.multiple for side in TRACED_SIZE)
    example = torch.randn(TRACED_BATCH, 3, *size)
    file.parent.mkdir(parents=True, exist_ok=True)
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')  # the exporters' own, about their innards
        FORMATS[file_format][0](item, example, file)
