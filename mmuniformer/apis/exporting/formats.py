"""File formats: export a network and run the file."""

from __future__ import annotations

import importlib.util
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch
from torch import Tensor, nn

from ...layers import GlobalBlock, HourglassBlock
from ...models import UniFormerV2
from ...models.checks import choice
from .nets import Exportable

# Size of the traced input. Windows of 14 and 32 leave a remainder on both sides at stride 16, so
# that padding is traced. Neither side, nor the batch size, occurs elsewhere in the network, even
# rounded down to whole patches, so that resizing of positions is traced.
TRACED_BATCH, TRACED_SIZE = 2, (280, 312)
FIXED = 'give a fixed size (--fixed-size HEIGHT WIDTH)'
# Runs a network or file: takes a batch, returns outputs.
Runner = Callable[[Tensor], list[Tensor]]
FormatName = Literal['onnx', 'torch_export']


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
    assert program is not None  # it is None without dynamo
    program.model.metadata_props.update(item.metadata)
    program.save(str(file))


def export_program(item: Exportable, example: Tensor, file: Path) -> None:
    axes = dict.fromkeys(item.axes, torch.export.Dim.DYNAMIC)
    program = torch.export.export(item.net, (example,), dynamic_shapes=(axes,), strict=False)
    torch.export.save(program, file)


def open_onnx(file: Path, threads: int = 1) -> Runner:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = threads
    session = onnxruntime.InferenceSession(str(file), options, providers=['CPUExecutionProvider'])

    def run(x: Tensor) -> list[Tensor]:
        return [torch.from_numpy(out) for out in session.run(None, {'input': x.numpy()})]

    return run


def open_program(file: Path, threads: int = 1) -> Runner:
    return make_runner(torch.export.load(file).module())


def make_runner(net: nn.Module) -> Runner:
    def run(x: Tensor) -> list[Tensor]:
        with torch.inference_mode():
            out = net(x)
        return [out] if isinstance(out, Tensor) else list(out)

    return run


def contains(net: nn.Module, layer: type[nn.Module]) -> bool:
    return any(isinstance(module, layer) for module in net.modules())


def explain_onnx_refusal(net: nn.Module) -> str | None:
    if contains(net, HourglassBlock):
        return (
            'the light nets sort tokens by score with a stable sort, which ONNX does not have; '
            "export them as format 'torch_export'"
        )
    return None


def explain_guards(net: nn.Module) -> str | None:
    """Return why a program of torch.export rejects some sizes at run time, or None."""
    guarded = 'so that other sizes are refused when the file runs (ONNX files take every size)'
    if any(isinstance(block, GlobalBlock) and block.window_size for block in net.modules()):
        return f'torch.export guards how a map is cut into windows, {guarded}'
    if contains(net, UniFormerV2):
        return f'torch.export guards whether positions are resized, {guarded}'
    return None


@dataclass(frozen=True)
class Format:
    """A file format.

    Attributes:
        write: traces a network on an example and writes the file.
        open: returns a function that runs the file; takes the number of threads.
        runtime: name of the runtime.
        requires: required packages.
        explain_refusal: returns why a network cannot be exported, or None.
        explain_fixed: returns why height and width of a network cannot be dynamic, or None.
    """

    write: Callable[[Exportable, Tensor, Path], None]
    open: Callable[..., Runner]
    runtime: str
    requires: tuple[str, ...] = ()
    explain_refusal: Callable[[nn.Module], str | None] = lambda net: None
    explain_fixed: Callable[[nn.Module], str | None] = lambda net: None


FORMATS: Mapping[FormatName, Format] = {
    'onnx': Format(
        export_onnx, open_onnx, 'onnxruntime', ('onnx', 'onnxscript', 'onnxruntime'),
        explain_refusal=explain_onnx_refusal,
    ),
    'torch_export': Format(export_program, open_program, 'program', explain_fixed=explain_guards),
}  # fmt: skip


def find_format(name: FormatName) -> Format:
    """Return a format by name.

    Raises:
        ValueError: the name is unknown.
        ImportError: required packages are not installed.
    """
    choice('format', name, FormatName)
    missing = [pkg for pkg in FORMATS[name].requires if importlib.util.find_spec(pkg) is None]
    if missing:
        raise ImportError(f'format {name} needs: pip install {" ".join(missing)}')
    return FORMATS[name]


def fix_size(item: Exportable, size: Sequence[int] | None, file_format: FormatName) -> None:
    """Decide whether height and width are fixed or dynamic.

    Args:
        size: fixed ``(H, W)``; None for dynamic height and width.

    Raises:
        ValueError: dynamic sizes are not supported, the network does not take ``size``, or the
            format does not support the network.
    """
    spec = FORMATS[file_format]
    if refusal := spec.explain_refusal(item.net):
        raise ValueError(refusal)
    if size is not None:
        _check_size(item, tuple(size))
        item.size = (*item.size[:-2], *size)
    reason = item.fixed_reason or spec.explain_fixed(item.net)
    if size is None and reason is not None and len(item.size) == 2:
        raise ValueError(f'height and width cannot vary: {reason}; {FIXED}')
    if size is not None or len(item.size) == 3:
        item.axes = {0: 'batch'}


def _check_size(item: Exportable, size: tuple[int, ...]) -> None:
    given = f'got {size[0]} {size[1]}'
    if min(size) < 32:
        raise ValueError(f'fixed size: height and width are at least 32 pixels, {given}')
    if any(side % item.multiple for side in size):
        raise ValueError(f'fixed size: the net takes multiples of {item.multiple}, {given}')
    if item.own_size_alone and size != item.size[-2:]:
        height, width = item.size[-2:]
        raise ValueError(f'fixed size: the head is made for {height} {width} alone, {given}')


def write(item: Exportable, file: Path, file_format: FormatName) -> None:
    """Export a network to a file; its folder is created if it does not exist."""
    size = item.size
    if 2 in item.axes:
        size = tuple(side // item.multiple * item.multiple for side in TRACED_SIZE)
    example = torch.randn(TRACED_BATCH, 3, *size)
    file.parent.mkdir(parents=True, exist_ok=True)
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')  # internal warnings of the exporters
        FORMATS[file_format].write(item, example, file)
