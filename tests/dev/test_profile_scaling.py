"""profile_scaling: exponents are slopes, points are measured once, an interrupted run goes on."""

import csv
import json
import re

import numpy as np
import profile_scaling as tool
import pytest
import scaling

from mmuniformer.apis.memory_use import memory_of_backbone
from mmuniformer.apis.reproduction import figures

TINY = dict(depths=(1, 1, 4, 1), dims=(8, 16, 32, 32), head_dim=8)


def tiny(attention: str) -> dict:
    return {'type': 'mmuniformer.UniFormer', 'arch': TINY, 'attention': attention}


@pytest.fixture
def tiny_curves(monkeypatch) -> None:
    curve = scaling.Curve(
        'tiny', 'side', (64, 96), {'g': tiny('global'), 'w14': tiny('window')},
        lambda side: (side, side), 'pixels', lambda side: side * side,
    )  # fmt: skip
    monkeypatch.setattr(tool, 'CURVES', {'images': curve})
    monkeypatch.setattr(scaling, 'CURVES', {'images': curve})
    monkeypatch.setattr(tool, 'describe_figure_4', lambda: 'figure 4\n')


def point(size: int, time: float, flops: int = 1, memory: int = 1, net: str = 'g'):
    return scaling.Point('images', net, size, time, flops, memory)


@pytest.mark.parametrize('power', [0.5, 1.0, 2.0])
def test_the_exponent_of_a_power_is_its_power(power):
    x = np.array([3.0, 1.0, 7.0, 20.0, 50.0])
    assert scaling.exponent(x, 0.3 * x**power) == pytest.approx(power, abs=1e-12)
    assert scaling.exponent(x[:2], x[:2] ** power) == pytest.approx(power)
    with pytest.raises(ValueError, match='two points, got 1'):
        scaling.exponent(x[:1], x[:1])


def test_the_exponent_is_of_the_largest_sizes():
    x = [1.0, 2.0, 4.0, 8.0, 16.0]
    y = [100.0, 2.0, 8.0, 32.0, 128.0]  # 2 · (x / 2)² but for the first
    assert scaling.exponent(x, y) == pytest.approx(2.0, abs=1e-12)
    assert scaling.exponent(x, y, tail=5) < 1


def test_exponents_are_in_pixels_not_in_sides(tiny_curves):
    points = [point(side, time=side**2, flops=side**4, memory=side**3) for side in (64, 128, 256)]
    found = scaling.exponents(points, scaling.CURVES['images'])
    assert found == {'g': pytest.approx({'time': 1.0, 'flops': 2.0, 'memory': 1.5})}


def test_attention_of_windows_grows_as_the_image_and_global_attention_faster(tiny_curves):
    sides = [448, 672, 896]  # whole windows
    nets = scaling.CURVES['images'].nets
    pixels = [side**2 for side in sides]
    flops = {net: [scaling.count(cfg, (side, side)) for side in sides] for net, cfg in nets.items()}
    # But for the last stage, which is global in both.
    assert scaling.exponent(pixels, flops['w14']) == pytest.approx(1.0, abs=0.1)
    assert scaling.exponent(pixels, flops['g']) > scaling.exponent(pixels, flops['w14']) + 0.3


def test_the_products_of_global_attention_grow_with_the_square_of_the_pixels():
    found = scaling.figure_exponents(figures.count_resolutions((448, 896, 1344)))
    assert found['global']['products_G'] == pytest.approx(2.0, abs=1e-9)
    assert found['window 14']['products_G'] == pytest.approx(1.0, abs=1e-9)
    assert 1 < found['hybrid 14']['flops_G'] < found['global']['flops_G'] < 2


def test_a_run_writes_points_tables_and_a_figure(tiny_curves, tmp_path, capsys):
    assert tool.main(['images', '--rounds', '1', '--out', str(tmp_path)]) == 0
    content = json.loads((tmp_path / 'scaling.json').read_text())
    assert [(p['net'], p['size']) for p in content['points']] == [
        ('g', 64), ('w14', 64), ('g', 96), ('w14', 96)
    ]  # fmt: skip
    assert content['environment']['rounds'] == '1'
    first = content['points'][0]
    assert first['flops'] == scaling.count(tiny('global'), (64, 64))
    assert first['memory'] == memory_of_backbone(tiny('global'), (64, 64))
    with (tmp_path / 'scaling.csv').open() as file:
        rows = list(csv.DictReader(file))
    assert [float(row['time']) for row in rows] == [p['time'] for p in content['points']]
    markdown = (tmp_path / 'scaling.md').read_text()
    assert '| 64×64 |' in markdown and markdown.endswith('figure 4\n')
    image = (tmp_path / 'scaling.png').read_bytes()
    assert image.startswith(b'\x89PNG') and 5000 < len(image) < 150_000
    assert '0 points measured, 2 sizes to measure' in capsys.readouterr().out


def test_an_interrupted_run_goes_on_with_what_is_missing(
    tiny_curves, tmp_path, monkeypatch, capsys
):
    measured = []

    def measure(name, curve, size, device, rounds, on_step):
        if size == 96 and not measured[1:]:
            measured.append('interrupted')
            raise KeyboardInterrupt
        measured.append(size)
        return [point(size, size / 10, net=net) for net in curve.nets]

    monkeypatch.setattr(tool, 'measure', measure)
    arguments = ['images', '--out', str(tmp_path)]
    with pytest.raises(KeyboardInterrupt):
        tool.main(arguments)
    assert tool.main(arguments) == 0
    assert measured == [64, 'interrupted', 96]
    assert '2 points measured, 1 sizes to measure' in capsys.readouterr().out
    points = json.loads((tmp_path / 'scaling.json').read_text())['points']
    assert [p['time'] for p in points] == [6.4, 6.4, 9.6, 9.6]


def test_points_of_another_way_of_measuring_are_not_mixed_in(tiny_curves, tmp_path, capsys):
    scaling.save(tmp_path / 'scaling.json', {'device': 'another'}, [point(64, 1.0)])
    with pytest.raises(SystemExit):
        tool.main(['--out', str(tmp_path)])
    assert "was measured with {'device': 'another'}" in capsys.readouterr().err


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (['sounds'], "there is no curve 'sounds'; there are images, clips"),
        (['--sizes', '64'], '--sizes are of one curve; name images or clips'),
        (['images', '--sizes', '32'], '--sizes are at least 64 here, got 32'),
        (['--rounds', '0'], '--rounds is at least 1, got 0'),
    ],
)
def test_bad_arguments_are_refused_with_what_is_allowed(arguments, message, capsys):
    with pytest.raises(SystemExit):
        tool.main(arguments)
    assert message in ' '.join(capsys.readouterr().err.split())


def test_a_curve_goes_to_the_sizes_of_detectors_and_long_clips():
    assert scaling.CURVES['images'].sizes[-1] == 1280
    assert scaling.CURVES['clips'].sizes[0] == 4 and scaling.CURVES['clips'].sizes[-1] == 32


@pytest.mark.parametrize('name', list(scaling.CURVES))
def test_the_page_shows_what_the_tool_counts(name, repo_root):
    curve = scaling.CURVES[name]
    page = (repo_root / 'docs/growth.md').read_text()
    section = page.split(f'### {curve.title}\n')[1].split('\n### ')[0]
    rows = re.findall(r'^\| (\d+(?:×\d+)+) \| (.+) \|$', section, re.M)
    shapes = [tuple(map(int, shape.split('×'))) for shape, _ in rows]
    assert shapes == [curve.shape(shape[0]) for shape in shapes] and len(shapes) >= 4
    count = len(curve.nets)
    for number, (net, cfg) in enumerate(curve.nets.items()):
        flops = [scaling.count(cfg, shape) for shape in shapes]
        cells = [row.split(' | ') for _, row in rows]
        assert [row[count + number] for row in cells] == [f'{f / 1e9:.3g}' for f in flops]
        memory = memory_of_backbone(cfg, shapes[0])
        assert cells[0][2 * count + number] == f'{memory / 2**30:.3g}'
        slope = scaling.exponent([curve.value(shape[0]) for shape in shapes], flops)
        assert re.search(rf'^\| {net} \| [\d.]+ \| {slope:.2f} \|', section, re.M)


def test_the_page_shows_the_exponents_of_figure_4(repo_root):
    assert tool.describe_figure_4() in (repo_root / 'docs/growth.md').read_text()
