"""mmuniformer benchmark: tables, numbers, a figure, and what it refuses."""

import json

import pytest
import torch
from commands import refuse_command, run_command
from torch import nn

from mmuniformer.apis.benchmarking import nets


class Scale(nn.Module):
    """Multiply by a number that can be learned."""

    def __init__(self):
        super().__init__()
        self.factor = nn.Parameter(torch.tensor(2.0))

    def forward(self, x):
        return x * self.factor


def missing():
    raise ModuleNotFoundError("No module named 'mmxyz'")


@pytest.fixture
def tiny_suite(monkeypatch) -> None:
    suite = nets.Suite(
        {'8×8': (1, 3, 8, 8)},
        (
            nets.Net('scale', nets.OURS, Scale),
            nets.Net('again', nets.PEER, Scale),
            nets.Net('absent', nets.PEER, missing),
        ),
    )
    monkeypatch.setitem(nets.SUITES, 'tiny', suite)


def test_it_writes_a_table_a_figure_and_numbers_and_names_what_is_absent(tiny_suite, tmp_path):
    arguments = ['tiny', '--input', '8x8', '--task', 'forward', 'train', '--rounds', '2']
    out = run_command('benchmark', *arguments, '--out', tmp_path / 'out')
    assert "not installed: No module named 'mmxyz'" in out
    content = json.loads((tmp_path / 'out' / 'benchmark.json').read_text())
    assert [item['task']['mode'] for item in content['comparisons']] == ['forward', 'train']
    first = content['comparisons'][0]
    scale, again, absent = first['timings']
    pairs = zip(again['times'], scale['times'], strict=True)
    expected = sum(theirs / ours for theirs, ours in pairs) / 2
    assert first['ratios'] == {'scale': 1.0, 'again': pytest.approx(expected)}
    assert absent['times'] == [] and absent['failure'].startswith('not installed')
    markdown = (tmp_path / 'out' / 'benchmark.md').read_text()
    assert '**8×8, train, float32**' in markdown and '| scale | 1.00× |' in markdown
    figure = (tmp_path / 'out' / 'benchmark.png').read_bytes()
    assert figure.startswith(b'\x89PNG') and len(figure) > 5000


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (
            ['fast'],
            "there is no suite 'fast'; there are image-s, image-b, det-s, det-b, video",
        ),
        (['--rounds', '0'], 'rounds is at least 1, got 0'),
        (['--input', '8x8x8'], "'8x8x8' is no input of the suite"),
        (['--fuse', '--task', 'train'], 'a fused network cannot be trained'),
        (['--threads', '0'], '--threads is at least 1, got 0'),
        (['--device', 'cuda:99'], 'PyTorch finds no GPU here'),
    ],
)
def test_bad_arguments_are_refused_with_what_is_allowed(arguments, message):
    assert message in refuse_command('benchmark', *arguments)
