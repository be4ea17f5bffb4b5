"""Whatever tensors a file holds: the true ones are loaded, or it is refused, the net untouched.

Tensors of one shape in each other's places cannot be told from the true ones.
"""

from collections.abc import Callable
from typing import Any

import fuzzing  # noqa: F401
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from load_families import COUNTER, FAMILIES, Family, pth, same_bits, settle, write
from small_nets import copied

from mmuniformer.weights import CheckpointError

by_family = pytest.mark.parametrize('name', FAMILIES)


@pytest.fixture(scope='module')
def families() -> dict[str, Family]:
    return {name: make() for name, make in FAMILIES.items()}


@by_family
@settings(max_examples=20)
@given(st.data())
def test_the_order_of_names_does_not_matter_and_renamed_ones_are_reported(
    name, families, tmp_path, data
):
    family = families[name]
    keys = data.draw(st.permutations(list(family.file)))
    gone = set(data.draw(st.lists(st.sampled_from(keys), max_size=3)))
    other = data.draw(st.sampled_from(['x.', 'backbone.', 'module.', 'blocks1.0.x.', 'visual.']))
    state = {(other + key if key in gone else key): family.file[key] for key in keys}
    result = settle(family, write(tmp_path, 'a.pth', pth(state)))
    if not gone:
        assert not result.missing_keys and not result.unexpected_keys


OTHER_DTYPES = (
    torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8, torch.bool, torch.complex64,
    torch.complex128,
)  # fmt: skip
WEIGHTS = {  # of every file, one that the net needs
    'UniFormer': 'blocks3.0.attn.qkv.weight',
    'inflated': 'blocks1.0.conv1.weight',
    'UniFormerV2': 'transformer.resblocks.1.ln_1.weight',
    'OpenAI': 'visual.conv1.weight',
    'Hugging Face': 'encoder.layers.1.layer_norm1.weight',
    'timm': 'pos_embed',
}


@by_family
@settings(max_examples=20)
@given(st.sampled_from(OTHER_DTYPES), st.data())
def test_weights_of_integer_or_complex_numbers_are_refused(name, families, tmp_path, dtype, data):
    family = families[name]
    key = data.draw(st.sampled_from(family.needed))
    state = {**family.file, key: family.file[key].to(dtype)}
    refused = settle(family, write(tmp_path, 'a.pth', pth(state)))
    assert f'is of {dtype}, and weights are floating-point numbers' in str(refused)
    assert key.removeprefix('visual.') in str(refused)


@pytest.mark.parametrize('name', ['UniFormer', 'UniFormerV2'])
@pytest.mark.parametrize('dtype', [torch.float64, torch.float16, torch.bfloat16])
def test_other_floating_point_numbers_are_converted(name, dtype, families, tmp_path):
    family = families[name]
    file = {k: v.to(dtype) if v.is_floating_point() else v for k, v in family.file.items()}
    true = {k: v.float() for k, v in file.items()}
    path = write(tmp_path, 'a.pth', pth(file))
    assert settle(Family(family.net, family.load, file=file, true=true), path).coverage == 1


@settings(max_examples=20)
@given(st.sampled_from([float('nan'), float('inf'), -float('inf'), 1e300]), st.data())
@by_family
def test_weights_that_are_no_numbers_are_refused_by_name_and_count(
    name, families, tmp_path, number, data
):
    family = families[name]
    key = data.draw(st.sampled_from(family.needed))
    value = family.file[key].double().contiguous().clone()
    places = data.draw(st.sets(st.integers(0, value.numel() - 1), min_size=1, max_size=3))
    value.view(-1)[sorted(places)] = number
    refused = settle(family, write(tmp_path, 'a.pth', pth({**family.file, key: value})))
    assert 'are NaN or infinite' in str(refused)
    if name in ('UniFormer', 'UniFormerV2'):
        assert f'{len(places)} of {value.numel()} values of {key} are NaN' in str(refused)


def test_of_several_such_tensors_the_first_is_named(families, tmp_path):
    family = families['UniFormer']
    state = {key: value / 0 if 'norm1' in key else value for key, value in family.file.items()}
    refused = settle(family, write(tmp_path, 'a.pth', pth(state)))
    assert '8 of 8 values of blocks1.0.norm1.weight are NaN or infinite in torch.float32, the' in (
        str(refused)
    )


def test_counters_of_batch_norm_may_be_in_half_precision(families, tmp_path):
    family = families['UniFormer']
    half = {key: value.half() for key, value in family.file.items()}
    half = {k: v + float('inf') if k.endswith(COUNTER) else v for k, v in half.items()}
    family.load(family.net, write(tmp_path, 'a.pth', pth(half)))
    state = copied(family.net.state_dict())
    family.net.load_state_dict(family.own)
    assert all(same_bits(state[k], family.own[k]) for k in state if k.endswith(COUNTER))
    assert all(same_bits(state[k], half[k].float()) for k in state if not k.endswith(COUNTER))


@by_family
@settings(max_examples=20)
@given(st.data())
def test_tensors_of_another_shape_are_refused(name, families, tmp_path, data):
    family = families[name]
    key = data.draw(st.sampled_from(family.needed))
    value = family.file[key]
    ways = {
        'flat': value.reshape(-1),
        'one more dimension': value[None],
        'transposed': value.transpose(0, -1),
        'one row less': value[1:],
        'twice': torch.cat([value, value]),
        'one number': value.flatten()[0],
        'empty': value[:0],
        'deep': value.reshape(*[1] * 7, *value.shape),
    }
    other = ways[data.draw(st.sampled_from(sorted(ways)))].clone()
    assume(other.shape != value.shape)
    result = settle(family, write(tmp_path, 'a.pth', pth({**family.file, key: other})))
    # Files give these without, or with leading dimensions of one.
    loose = ('class_embedding', 'cls_token', 'pos_embed', 'conv1.weight')
    if not key.endswith(loose) or other.numel() != value.numel():
        assert isinstance(result, CheckpointError)


ODD: dict[str, Callable[[], Any]] = {
    'None': lambda: None,
    'number': lambda: 3.0,
    'list': lambda: [1.0],
    'dict': dict,
    'sparse': lambda: torch.ones(2, 3).to_sparse(),
    'compressed': lambda: torch.ones(2, 3).to_sparse_csr(),
    'quantized': lambda: torch.quantize_per_tensor(torch.ones(4), 0.1, 0, torch.qint8),
    'without numbers': lambda: torch.empty(8, device='meta'),
    'nested': lambda: torch.nested.nested_tensor([torch.ones(2), torch.ones(3)]),
    'expanded': lambda: torch.ones(1).expand(10**9),
}


@by_family
@pytest.mark.parametrize('thing', ODD)
def test_odd_things_in_the_place_of_a_weight_are_refused_or_reported(
    name, thing, families, tmp_path
):
    family = families[name]
    state = {**family.file, WEIGHTS[name]: ODD[thing]()}
    result = settle(family, write(tmp_path, 'a.pth', pth(state)))
    assert isinstance(result, CheckpointError) or result.missing_keys == (WEIGHTS[name],)


@pytest.mark.parametrize('key', [1, None, (1, 2), 2.5])
def test_names_that_are_no_text_are_no_names(key, families, tmp_path):
    family = families['UniFormer']
    path = write(tmp_path, 'a.pth', pth({**family.file, key: torch.ones(1)}))
    assert settle(family, path).coverage == 1
