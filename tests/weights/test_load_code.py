"""Nothing in a file runs, wherever in it the code is."""

import pickle

import pytest
from dangerous_files import CALLS, PLACES, WRITERS, call_of
from load_families import FAMILIES, Family, settle, write

from mmuniformer.weights import CheckpointError


@pytest.fixture(scope='module')
def family() -> Family:
    return FAMILIES['UniFormer']()


@pytest.mark.parametrize('what', CALLS)
def test_the_code_would_run_without_the_check(what, tmp_path):
    marker = tmp_path / 'executed'
    pickle.loads(pickle.dumps(call_of(what, marker), 4))
    assert marker.exists()


@pytest.mark.parametrize('place', PLACES)
@pytest.mark.parametrize('writer', WRITERS)
def test_code_in_a_file_is_refused_and_never_runs(place, writer, family, tmp_path):
    marker = tmp_path / 'executed'
    state = dict(list(family.file.items())[:3])
    for what in CALLS:
        content = WRITERS[writer](PLACES[place](state, call_of(what, marker)))
        for suffix in ('.pth', '.safetensors'):
            path = write(tmp_path, f'a{suffix}', content)
            assert isinstance(settle(family, path), CheckpointError), what
            assert not marker.exists(), what
