"""mmuniformer reproduce: what it refuses, before it writes anything."""

import pytest
from commands import refuse_command


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        ((), 'name a table'),
        (('table99',), 'no table of dense prediction'),
        (
            ('table6', '--checkpoints', 'nowhere'),
            'the folder of checkpoints nowhere does not exist',
        ),
        (('table6', '--latency-shape', '64'), 'H W'),
        (('--configs', 'nowhere.py'), 'there is no config file nowhere.py'),
        (('table6', '--device', 'cuda:99'), 'PyTorch finds no GPU here'),
    ],
)
def test_what_cannot_be_done_is_refused(arguments, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert message in refuse_command('reproduce', *arguments)
    assert list(tmp_path.iterdir()) == []
