"""How much there is to read of an image UniFormer, and how deep its classes are."""

import re
import sys
from pathlib import Path
from types import FrameType

import pytest
import torch

from mmuniformer.models import (
    UniFormer,
    UniFormer3D,
    UniFormerLight,
    UniFormerLight3D,
    UniFormerV2,
)

ROOT = Path(__file__).resolve().parents[2]
MOST_LINES = 1200
MOST_CLASSES = 4


def files_of_a_forward_pass() -> set[Path]:
    """Files of ours whose functions run while ``small`` is built and takes an image."""
    found = set()

    def note(frame: FrameType, event: str, argument: object) -> None:
        found.add(frame.f_code.co_filename)

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        with torch.inference_mode():
            UniFormer(arch='small').eval()(torch.rand(2, 3, 32, 32))
    finally:
        sys.setprofile(before)
    package = ROOT / 'mmuniformer'
    return {Path(name) for name in found if Path(name).is_relative_to(package)}


def test_the_document_says_how_many_lines_there_are_to_read():
    files = files_of_a_forward_pass()
    names = {path.name for path in files}
    assert {'uniformer.py', 'blocks.py', 'attention.py', 'arch.py', 'accelerate.py'} <= names
    count = sum(len(path.read_text(encoding='utf-8').splitlines()) for path in files)
    text = (ROOT / 'docs' / 'architecture.md').read_text(encoding='utf-8')
    (stated,) = re.findall(r'\*\*([\d,]+) lines in (\d+) files\*\*', text)
    assert tuple(int(number.replace(',', '')) for number in stated) == (count, len(files))
    assert count <= MOST_LINES


@pytest.mark.parametrize(
    'family', [UniFormer, UniFormer3D, UniFormerLight, UniFormerLight3D, UniFormerV2]
)
def test_no_class_is_more_than_four_deep(family):
    ours = [cls for cls in family.__mro__ if cls.__module__.startswith('mmuniformer.')]
    assert len(ours) <= MOST_CLASSES


def test_the_table_of_variants_stands_on_the_first_screen():
    lines = (ROOT / 'mmuniformer' / 'models' / 'arch.py').read_text(encoding='utf-8').splitlines()
    assert next(i for i, line in enumerate(lines, 1) if line.startswith('ARCHS')) < 40
    assert len(lines) <= 100
