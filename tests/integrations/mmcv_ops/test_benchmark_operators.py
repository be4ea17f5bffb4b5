"""The benchmark of the served operators beside mmcv's own."""

import re

import pytest
from compiled_ext import find_compiled

ROW = re.compile(r'^\| (\w+) \| ([\d.]+) \| ([\d.]+) \| ([\d.]+) \|', re.MULTILINE)


def test_it_times_both_forms_of_an_operator_and_gives_their_ratio(python_tool):
    options = ('--repetitions', '3', '--only', 'deform_conv2d')
    done = python_tool('dev/benchmark_operators.py', *options, check=False)
    if find_compiled() is None:
        assert done.returncode == 1
        assert 'tools/setup.sh all --stack compiled' in done.stderr
        return
    assert done.returncode == 0, done.stderr
    rows = ROW.findall(done.stdout)
    assert [row[0] for row in rows] == ['deform_conv2d', 'modulated_deform_conv2d']
    for _, served, compiled, ratio in rows:
        assert float(ratio) == pytest.approx(float(served) / float(compiled), rel=0.05)
