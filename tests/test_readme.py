"""What README and docstrings show, runs."""

import doctest
import re
from pathlib import Path

from mmengine.config import Config

import mmuniformer.models.uniformer
from mmuniformer.models import UniFormer

README = Path(__file__).resolve().parents[1] / 'README.md'
CONFIG, PLAIN = re.findall(r'```python\n(.*?)```', README.read_text(), re.DOTALL)


def test_the_plain_pytorch_lines_give_four_maps(capsys):
    exec(PLAIN, {})
    shapes = '[(1, 64, 56, 80), (1, 128, 28, 40), (1, 320, 14, 20), (1, 512, 7, 10)]'
    assert capsys.readouterr().out.strip().endswith(shapes)


def test_the_config_lines_build_a_backbone_that_fits_their_neck():
    model = Config.fromstring(CONFIG, '.py').model
    options = {k: v for k, v in model.backbone.items() if k not in ('_delete_', 'type')}
    net = UniFormer(**options)
    assert list(net.out_channels) == list(model.neck.in_channels)
    assert net.checkpointed == (0, 0, 8, 0)


def test_files_that_readme_links_to_are_there():
    links = re.findall(r'\]\((?!http)([^)#]+)\)', README.read_text())
    assert len(links) > 5
    assert [link for link in links if not (README.parent / link).exists()] == []


def test_the_examples_in_docstrings_print_what_they_say():
    result = doctest.testmod(mmuniformer.models.uniformer)
    assert result.attempted > 2
    assert result.failed == 0
