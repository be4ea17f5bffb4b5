"""Loading UniFormerV2 files and image ViTs into UniFormerV2, with every parameter accounted for."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from torch import Tensor, nn

from .inflate import INFLATIONS, inflate
from .load import read_checkpoint
from .official_keys import backbone_state
from .positions import RELATIVE_TABLE, resize_positions, resize_relative_table, square_grid
from .report import CheckpointError, LoadReport, account, refusal, reshaped
from .usable import check_kinds, converted
from .vit_keys import VitState, vit_state

_GLOBAL = tuple(
    f'transformer.{name}' for name in ('dec.', 'dpe.', 'temporal_cls_token', 'balance', 'proj.')
)
_POSITIONS = 'positional_embedding'
_STEM = 'conv1.weight'
_BALANCE = 'transformer.balance'


@dataclass(frozen=True)
class LoadReportV2(LoadReport):
    """What became of every tensor of the net and of the file.

    ``resized`` are positions for another resolution; ``new`` are the UniBlocks that arm an image
    ViT, and local ones that a file of another UniFormerV2 does not have.
    """

    resized: tuple[str, ...] = ()

    def __str__(self) -> str:
        lines = [super().__str__()]
        if self.resized:
            lines.append(f'  resized (among those loaded): {", ".join(self.resized[:4])}')
        return '\n'.join(lines)


@dataclass
class _Fitted:
    """The file's tensors in the shapes of the net."""

    tensors: dict[str, Tensor]
    inflated: list[str] = field(default_factory=list)
    resized: list[str] = field(default_factory=list)


def load_v2(
    net: nn.Module, source: str | Path, *, prefix: str | None = None, inflation: str = 'center'
) -> LoadReportV2:
    """Load a UniFormerV2 file or an image ViT, or refuse it and leave ``net`` untouched.

    Args:
        source: path or URL; the formats of ViTs are those of :mod:`.vit_keys`.
        prefix: of the backbone's names in the file; found by itself where it is ``backbone.``.
        inflation: of a patch convolution without time, ``'center'`` as published, or ``'average'``.

    Raises:
        FileNotFoundError: there is no such file.
        CheckpointError: it is damaged, of another architecture, or does not cover ``net``; or its
            weights are of whole or complex numbers, NaN or infinite.
        ValueError: an ``inflation`` that there is not.
    """
    if inflation not in INFLATIONS:
        raise ValueError(f'inflation {inflation!r} is none of {INFLATIONS}')
    try:
        state, other_parts = backbone_state(read_checkpoint(source), prefix)
        is_v2 = any(key.startswith('transformer.temporal_cls_token') for key in state)
        found = _v2_state(state) if is_v2 else vit_state(state)
        wanted = _with_released_names(net.state_dict())
        fitted = _fit(found.tensors, wanted, inflation)
    except CheckpointError as error:
        if 'TorchScript' not in str(error):
            raise
        raise CheckpointError(
            f'{source} is a TorchScript program, as OpenAI publishes CLIP, not a file of tensors; '
            'save torch.jit.load(it).float().state_dict() and give that'
        ) from error
    except ValueError as error:
        raise CheckpointError(f'{source} cannot be used: {error}') from error
    except (IndexError, TypeError, RuntimeError) as error:
        raise CheckpointError(
            f'{source} cannot be used: a tensor in it has a shape that it has in no ViT: {error}'
        ) from error
    found.other_parts += other_parts
    report = _account(str(source), fitted, found, wanted, is_v2)
    wrong = reshaped(fitted.tensors, wanted)
    # Even one LayerNorm less makes another ViT of it: nothing but the balance may be missing.
    if wrong or report.unused or set(report.missing) - {_BALANCE}:
        cause = _likely_cause(fitted.tensors, wanted)
        raise CheckpointError(refusal(report, cause, fitted.tensors, wrong, report.unused, 1.0))
    net.load_state_dict(converted(str(source), fitted.tensors, wanted), strict=False)
    return report


def _with_released_names(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The final norm's is ``transformer.proj.0``; mmaction2 calls it ``transformer.norm``."""
    return {k.replace('transformer.norm.', 'transformer.proj.0.'): v for k, v in state.items()}


def _v2_state(state: Mapping[str, Tensor]) -> VitState:
    result = VitState()
    for key, value in _with_released_names(state).items():
        if key.startswith('transformer.proj.2.'):
            result.heads.append(key)
        else:
            result.tensors[key] = value
    check_kinds(result.tensors)
    return result


def _fit(state: Mapping[str, Tensor], wanted: Mapping[str, Tensor], inflation: str) -> _Fitted:
    fitted = _Fitted(dict(state))
    stem, net_stem = state.get(_STEM), wanted[_STEM]
    if stem is not None and stem.ndim == 5 and stem.shape[2] == 1:
        stem = stem.squeeze(2)
    if stem is not None and stem.ndim == 4:
        fitted.tensors[_STEM] = inflate(stem, net_stem.shape[2], inflation)
        if stem.ndim != state[_STEM].ndim or net_stem.shape[2] > 1:
            fitted.inflated.append(_STEM)
    if _POSITIONS not in state:
        return fitted
    old = square_grid(len(state[_POSITIONS]) - 1)
    new = square_grid(len(wanted[_POSITIONS]) - 1)
    if old is None or new is None or old == new:
        return fitted
    for key, value in state.items():
        if key == _POSITIONS:
            fitted.tensors[key] = resize_positions(value, old, new)
            fitted.resized.append(key)
        elif key.endswith(RELATIVE_TABLE):
            fitted.tensors[key] = resize_relative_table(value, old, new)
            fitted.resized.append(key)
    return fitted


def _account(
    source: str, fitted: _Fitted, found: VitState, wanted: Mapping[str, Tensor], is_v2: bool
) -> LoadReportV2:
    state = fitted.tensors
    has_local = any('.lmhra' in key for key in state)

    def may_be_new(key: str) -> bool:
        return (not is_v2 and key.startswith(_GLOBAL)) or (not has_local and '.lmhra' in key)

    # A net for maps has no global UniBlocks, one for the global token alone no balance.
    has_global = 'transformer.temporal_cls_token' in wanted

    def is_head(key: str) -> bool:
        return key == _BALANCE or (not has_global and key.startswith(_GLOBAL))

    report = account(
        source, state, wanted, fitted.inflated,
        may_be_new=may_be_new, is_head=is_head, other_parts=found.other_parts,
        kind=LoadReportV2, resized=tuple(fitted.resized),
    )  # fmt: skip
    return replace(report, heads=(*found.heads, *report.heads))


def _likely_cause(state: Mapping[str, Tensor], wanted: Mapping[str, Tensor]) -> str:
    if ('ln_pre.weight' in state) != ('ln_pre.weight' in wanted):
        if 'ln_pre.weight' in wanted:
            return "it is a ViT without CLIP's ln_pre; arch='b16_vit' is such a ViT-B/16"
        return "it is a ViT with CLIP's ln_pre; arch='b16' is such a ViT-B/16"
    relative = [any(key.endswith(RELATIVE_TABLE) for key in names) for names in (state, wanted)]
    if relative[0] != relative[1]:
        having = 'has' if relative[0] else 'lacks'
        return f"it {having} BEiT's relative positions; choose arch to match (b16_beit, b16_vit)"
    for what, measure in (
        ('depth', lambda names: _count(names, 'transformer.resblocks.')),
        ('width', lambda names: _last_size(names, 'class_embedding')),
        ('patch size', lambda names: _last_size(names, _STEM)),
    ):
        theirs, ours = measure(state), measure(wanted)
        if theirs != ours:
            return f'its {what} is {theirs} and that of the net {ours}; choose arch to match'
    if any('.lmhra1.' in key and key not in wanted for key in state):
        return 'it has local temporal MHRA; set local_mhra and temporal_downsample to match'
    theirs, ours = (_count(names, 'transformer.dec.') for names in (state, wanted))
    if theirs and ours and theirs != ours:
        return f'it has {theirs} global UniBlocks and the net {ours}; choose global_layers to match'
    if _STEM in state and state[_STEM].shape != wanted[_STEM].shape:
        return 'it halves time, or has other input channels; set temporal_downsample to match'
    return 'parts of it are missing, or belong to another net'


def _last_size(names: Mapping[str, Tensor], key: str) -> int:
    return names[key].shape[-1] if key in names and names[key].ndim else 0


def _count(names: Mapping[str, Tensor], prefix: str) -> int:
    return len({key[len(prefix) :].split('.')[0] for key in names if key.startswith(prefix)})
