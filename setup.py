"""What pyproject.toml cannot say: the ``.mim`` folder and the extras that follow from mminstall."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py
from setuptools.command.sdist import sdist

ROOT = Path(__file__).resolve().parent
NAME = 'mmuniformer'
TOOLBOXES = {
    'cls': 'mmpretrain',
    'video': 'mmaction2',
    'det': 'mmdet',
    'seg': 'mmsegmentation',
    'pose': 'mmpose',
}
# What a toolbox needs for its own import and does not declare.
UNDECLARED = {
    'cls': [],
    'video': ['moviepy<2'],
    'det': [],
    'seg': ['ftfy', 'regex'],
    'pose': [],
}
# The constraints are what tools/doctor.py compares with.
MIM_FOLDERS = {
    'configs': ('*.py', '*.yml'),
    'tools': ('*.py', '*.sh'),
    'requirements': ('constraints.txt',),
}


def read_requirements(name: str) -> list[str]:
    lines = (ROOT / 'requirements' / f'{name}.txt').read_text().splitlines()
    requirements = []
    for line in (line.partition('#')[0].strip() for line in lines):
        if line.startswith('-r '):
            requirements += read_requirements(Path(line[3:].strip()).stem)
        elif line:
            requirements.append(line)
    return requirements


def make_extras() -> dict[str, list[str]]:
    mim = read_requirements('mminstall')
    by_name = {re.split(r'[<>=!~ ]', line)[0]: line for line in mim}
    extras = {'mim': mim, 'tests': read_requirements('tests'), 'dev': read_requirements('dev')}
    for task, toolbox in TOOLBOXES.items():
        extras[task] = [by_name['mmcv'], by_name[toolbox], *UNDECLARED[task]]
    extras['all'] = sorted({line for task in TOOLBOXES for line in extras[task]})
    return extras


def copy_mim(package: Path) -> None:
    """Put what ``mim`` looks up into the ``.mim`` folder of the package at ``package``."""
    target = package / '.mim'
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    shutil.copy(ROOT / 'model-index.yml', target)
    for folder, patterns in MIM_FOLDERS.items():
        for path in (path for pattern in patterns for path in (ROOT / folder).rglob(pattern)):
            copy = target / path.relative_to(ROOT)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, copy)


class BuildPy(build_py):
    def run(self) -> None:
        if self.editable_mode:
            # mim's search by name must not find a second copy of the configs beside a checkout.
            super().run()
            return
        package = Path(self.build_lib) / NAME
        # What an earlier build left there, files deleted since included, would get into the wheel.
        shutil.rmtree(package, ignore_errors=True)
        super().run()
        copy_mim(package)


class Sdist(sdist):
    def make_release_tree(self, base_dir: str, files: list[str]) -> None:
        super().make_release_tree(base_dir, files)
        copy_mim(Path(base_dir) / NAME)


setup(
    cmdclass={'build_py': BuildPy, 'sdist': Sdist},
    install_requires=read_requirements('runtime'),
    extras_require=make_extras(),
)
