"""mmuniformer memory: a table of patterns, and what it refuses."""

import re

import pytest
from commands import refuse_command, run_command

NAME = 'mini_mask_rcnn_uniformer_s_h14'


def test_a_table_of_patterns_comes_out():
    out = run_command('memory', NAME, '--shape', '64', '64')
    assert out.startswith('one image of 64×64\n')
    pattern = r'^ *(global|hybrid \(as stated\)|window) +(.+?) +([\d.e-]+) *$'
    rows = re.findall(pattern, out, re.M)
    assert [row[1] for row in rows] == ['nothing', 'every block'] * 3
    sizes = [float(row[2]) for row in rows]
    assert all(kept >= recomputed for kept, recomputed in zip(sizes[::2], sizes[1::2], strict=True))


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (['nothing.py'], 'there is no config file nothing.py'),
        ([NAME, '--shape', '8', '8'], 'at least 32'),
        ([NAME, '--shape', '4', '64', '64'], 'is not H W'),
        (['uniformer_s_16x4_k400', '--shape', '64', '64'], 'is not T H W'),
        (['configs/_base_/det/coco_1x.py'], 'no model with a UniFormer'),
    ],
)
def test_bad_input_is_refused(arguments, message, monkeypatch, repo_root):
    monkeypatch.chdir(repo_root)
    assert message in refuse_command('memory', *arguments)
