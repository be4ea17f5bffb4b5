"""Whatever bytes a file has: its true weights are loaded, or it is refused, the net untouched."""

import io
import json
import pickle
import pickletools
import struct
import tarfile
import zipfile

import fuzzing  # noqa: F401
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from load_families import (
    COUNTER,
    FAMILIES,
    FORMATS,
    Family,
    pth,
    safetensors,
    settle,
    write,
)
from small_nets import copied

from mmuniformer.weights import CheckpointError

OPCODES = sorted({code.code.encode('latin1') for code in pickletools.opcodes})
by_format = pytest.mark.parametrize('format', FORMATS)


@pytest.fixture(scope='module')
def family() -> Family:
    return FAMILIES['UniFormer']()


@pytest.mark.parametrize('name', FAMILIES)
@by_format
def test_the_true_file_is_loaded_to_the_last_bit(name, format, tmp_path):
    family = FAMILIES[name]()
    report = settle(family, write(tmp_path, format, FORMATS[format](family.file)))
    assert not isinstance(report, CheckpointError), report
    assert not report.missing_keys and not report.unexpected_keys


@by_format
@given(st.data())
def test_a_file_cut_anywhere_is_refused(format, family, tmp_path, data):
    whole = FORMATS[format](family.file)
    length = data.draw(st.integers(0, len(whole) - 1))
    assert 'damaged' in str(settle(family, write(tmp_path, format, whole[:length])))


@given(st.data())
def test_a_byte_changed_anywhere_in_a_zip_is_found_or_of_no_effect(family, tmp_path, data):
    content = bytearray(pth(family.file))
    for _ in range(data.draw(st.integers(1, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    settle(family, write(tmp_path, 'a.pth', content))


def test_every_byte_of_a_tensor_in_a_zip_is_under_a_checksum(family, tmp_path):
    whole = pth(family.file)
    numbers = family.file['blocks1.0.conv1.weight'].numpy().tobytes()
    start = whole.index(numbers)
    for place in range(start, start + len(numbers), 7):
        content = bytearray(whole)
        content[place] ^= 1
        refused = settle(family, write(tmp_path, 'a.pth', content))
        assert 'Bad CRC-32' in str(refused)


def test_a_zip_without_checksums_is_read(family, tmp_path):
    compute = getattr(torch.serialization, 'set_crc32_options', None)
    if compute is None:
        pytest.skip('this PyTorch always computes checksums')
    compute(False)
    try:
        content = pth(family.file)
    finally:
        compute(True)
    report = settle(family, write(tmp_path, 'a.pth', content))
    assert report.coverage == 1


@settings(max_examples=80)
@given(st.data())
def test_a_byte_changed_in_the_header_of_safetensors_misleads_nobody(family, tmp_path, data):
    content = bytearray(safetensors(family.file))
    end = 8 + int.from_bytes(content[:8], 'little')
    letters = [place for place in range(8, end) if chr(content[place]).isalnum()]
    content[data.draw(st.integers(0, end - 1) | st.sampled_from(letters))] = data.draw(
        st.integers(0, 255) | st.sampled_from(b'0123456789ABCFIabc')
    )
    settle(family, write(tmp_path, 'a.safetensors', content))


@pytest.mark.parametrize('format', ['old.pth', 'some.safetensors'])
@given(st.data())
def test_without_checksums_a_changed_number_stays_unseen_unless_it_is_none(
    format, family, tmp_path, data
):
    key = data.draw(st.sampled_from([k for k in family.file if not k.endswith(COUNTER)]))
    place = data.draw(st.integers(0, family.file[key].numel() - 1))
    bit = data.draw(st.integers(0, 31))
    state = copied(family.file)
    state[key].view(torch.int32).view(-1)[place] ^= torch.tensor(1 << bit).to(torch.int32)
    number = state[key].view(-1)[place]
    path = write(tmp_path, format, FORMATS[format](state))
    if not torch.isfinite(number):
        assert f'values of {key} are NaN or infinite' in str(settle(family, path))
        return
    changed = Family(family.net, family.load, file=state, true=state)
    assert settle(changed, path).coverage == 1


@given(st.binary(max_size=600))
@example(b'')
@example(b'PK\x03\x04')
@example(b'\x80\x02.')
def test_any_bytes_are_refused(family, tmp_path, content):
    for name in ('a.pth', 'a.safetensors'):
        path = write(tmp_path, name, content)
        assert isinstance(settle(family, path), CheckpointError)


@given(st.lists(st.one_of(st.sampled_from(OPCODES), st.binary(max_size=4)), max_size=30))
def test_any_program_of_the_pickle_machine_is_refused(family, tmp_path, program):
    file = io.BytesIO()
    with zipfile.ZipFile(file, 'w') as archive:
        archive.writestr('archive/data.pkl', b'\x80\x02' + b''.join(program) + b'.')
        archive.writestr('archive/version', '3\n')
    path = write(tmp_path, 'a.pth', file.getvalue())
    assert isinstance(settle(family, path), CheckpointError)


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)
ENTRY = st.fixed_dictionaries(
    {
        'dtype': st.one_of(st.sampled_from(['F32', 'F16', 'I64', 'F8_E4M3', 'X']), JSON),
        'shape': st.one_of(st.lists(st.integers(-2, 2**70), max_size=3), JSON),
        'data_offsets': st.one_of(st.lists(st.integers(-9, 99), max_size=3), JSON),
    }
)
HEADER = st.dictionaries(
    st.sampled_from(['patch_embed1.proj.weight', 'norm1.bias', '__metadata__', '']),
    st.one_of(ENTRY, JSON),
)


@given(st.one_of(HEADER, JSON), st.binary(max_size=64))
def test_any_header_of_safetensors_is_refused(family, tmp_path, header, numbers):
    text = json.dumps(header).encode()
    path = write(tmp_path, 'a.safetensors', struct.pack('<Q', len(text)) + text + numbers)
    assert isinstance(settle(family, path), CheckpointError)


def test_numbers_of_safetensors_belong_to_one_tensor_each(tmp_path, family):
    entry = {'dtype': 'F32', 'shape': [1], 'data_offsets': [0, 4]}
    doubles = json.dumps({'a': entry})[:-1] + ', ' + json.dumps({'a': entry})[1:]
    for text, numbers, reason in (
        (json.dumps({'a': entry, 'b': entry}), b'1234', 'no tensor begins at byte 4'),
        (json.dumps({'a': entry}), b'12345', '5 bytes of numbers, tensors take 4'),
        (doubles, b'1234', 'a name stands there twice'),
    ):
        content = struct.pack('<Q', len(text)) + text.encode() + numbers
        refused = settle(family, write(tmp_path, 'a.safetensors', content))
        assert reason in str(refused)


def not_checkpoints() -> dict[str, bytes]:
    zipped, tarred = io.BytesIO(), io.BytesIO()
    with zipfile.ZipFile(zipped, 'w') as archive:
        archive.writestr('README.md', 'weights are elsewhere')
    with tarfile.open(fileobj=tarred, mode='w:gz') as archive:
        archive.addfile(tarfile.TarInfo('weights'), io.BytesIO())
    return {
        'zip': zipped.getvalue(),
        'tar.gz': tarred.getvalue(),
        'page': b'<!doctype html><title>quota exceeded</title>',
        'JSON': b'{"weights": [1, 2]}',
        'pointer of git-lfs': b'version https://git-lfs.github.com/spec/v1\noid sha256:12',
        'pickled text': pickle.dumps('weights'),
        'program': pth(torch.nn.ReLU),
        'whole net': pth(torch.nn.Linear(2, 2)),
        'numbers': pth([1, 2.0, 'three']),
        'tensor': pth(torch.ones(3)),
    }


@pytest.mark.parametrize('type_', not_checkpoints())
@pytest.mark.parametrize('suffix', ['.pth', '.safetensors'])
def test_another_type_of_file_is_refused(type_, suffix, tmp_path):
    path = write(tmp_path, f'a{suffix}', not_checkpoints()[type_])
    for family in (FAMILIES['UniFormer'](), FAMILIES['UniFormerV2']()):
        assert isinstance(settle(family, path), CheckpointError)


def test_a_format_under_the_name_of_the_other_is_refused(family, tmp_path):
    for name, content in (('a.safetensors', pth(family.file)), ('a.pth', safetensors(family.file))):
        assert isinstance(settle(family, write(tmp_path, name, content)), CheckpointError)
