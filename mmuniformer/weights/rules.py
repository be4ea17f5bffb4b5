"""What each loader accepts: which keys a file may lack, and which it may hold beyond the net."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from .inflate import INFLATIONS

# Keys are matched at their start, by regular expressions.
EVERY_KEY = ''
NO_KEY = '(?!)'


@dataclass(frozen=True)
class Rules:
    """What a loader accepts. Every attribute about keys is a regular expression.

    Attributes:
        names: prefixes in the file → prefixes in the net; the first that matches counts, keys that
            none matches belong to other parts. ``None``: ``backbone.`` is removed if there is one.
        optional: keys of the net that a file may lack; they keep their initial values.
        optional_if_inflated: the same for a file of 2D weights in a 3D net.
        required: keys of the net of which no single one may be missing.
        min_coverage: share of the net's other tensors that the file must have.
        ignored: keys of the file for which the net has no use.
        foreign: other keys of the file that show that it is of another net.
        inflatable: 4D weights that may be inflated.
        inflation: how, ``'average'`` or ``'center'``.
        net: what error messages call the net.
        advice: added to error messages.
    """

    names: Mapping[str, str] | None = None
    optional: str = NO_KEY
    optional_if_inflated: str = NO_KEY
    required: str = NO_KEY
    min_coverage: float = 1
    ignored: str = NO_KEY
    foreign: str = EVERY_KEY
    inflatable: str = NO_KEY
    inflation: str = 'average'
    net: str = 'this net'
    advice: str = ''

    def __post_init__(self) -> None:
        if self.inflation not in INFLATIONS:
            raise ValueError(f'inflation {self.inflation!r} is none of {INFLATIONS}')


def _prefix(prefix: str | None) -> dict[str, str] | None:
    if prefix is None:
        return None
    return {prefix if prefix.endswith('.') or not prefix else f'{prefix}.': ''}


# A dense net has LayerNorms norm1..norm4 and no classifier, a classifier has a norm and heads.
_OUTPUT_NORMS = r'(norm|norm_cls|norm[1-4])(\.|$)'
_HEADS = rf'(head|aux_head|head_cls)(\.|$)|{_OUTPUT_NORMS}'
# Most image files have no layer scale, and none has attention along time.
NEW_PARTS = {
    'layer_scale': r'blocks\d\.\d+\.gamma_\d$',
    'temporal_attention': r'blocks\d\.\d+\.t_(norm|attn)\.',
}


def uniformer_rules(prefix: str | None, inflation: str, allow_new: Sequence[str]) -> Rules:
    """A UniFormer from any published file of the family, its output norms excepted.

    Raises:
        TypeError: ``allow_new`` is one string.
        ValueError: ``allow_new`` or ``inflation`` is unknown.
    """
    if isinstance(allow_new, str):
        raise TypeError(f'allow_new is a sequence of parts, got {allow_new!r}')
    if unknown := set(allow_new) - set(NEW_PARTS):
        raise ValueError(f'allow_new {sorted(unknown)} are none of {tuple(NEW_PARTS)}')
    return Rules(
        names=_prefix(prefix),
        optional='|'.join([_OUTPUT_NORMS, *(NEW_PARTS[part] for part in allow_new)]),
        optional_if_inflated='|'.join(NEW_PARTS.values()),
        min_coverage=0.95,
        ignored=_HEADS,
        foreign=r'patch_embed|blocks|cls_token|cls_upsample|transformer\.',
        inflatable=EVERY_KEY,
        inflation=inflation,
    )


GLOBAL_UNIBLOCKS = r'transformer\.(dec\.|dpe\.|temporal_cls_token|balance|proj\.|norm\.)'
LOCAL_UNIBLOCKS = r'.*\.lmhra'
_BALANCE = r'transformer\.balance$'


def v2_rules(wanted: Collection[str], prefix: str | None, inflation: str) -> Rules:
    """A UniFormerV2 with the keys ``wanted``, from a file of its own or an image ViT.

    Even one LayerNorm less makes another ViT of it, so nothing but the balance may be missing.
    """
    # A net for maps has no global UniBlocks, one with fusion='global' no balance.
    has_global = 'transformer.temporal_cls_token' in wanted
    return Rules(
        names=_prefix(prefix),
        required=f'(?!{_BALANCE})',
        min_coverage=0,
        ignored=_BALANCE if has_global else GLOBAL_UNIBLOCKS,
        inflatable=r'conv1\.weight$',
        inflation=inflation,
    )
