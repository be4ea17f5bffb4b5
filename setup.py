"""What pyproject.toml cannot say: the ``.mim`` folder, the start-up file and the extras."""

from __future__ import annotations

import shutil
from pathlib import Path

from setuptools import Distribution, setup
from setuptools.command.build_py import build_py
from setuptools.command.sdist import sdist

ROOT = Path(__file__).resolve().parent
NAME = 'mmuniformer'
TASKS = ('cls', 'det', 'seg', 'video', 'pose')
# mim runs the scripts of `tools`; `mmuniformer doctor` compares with the constraints.
MIM_FILES = (
    'configs/**/*.py',
    'configs/**/*.yml',
    'tools/*.py',
    'requirements/constraints-*.txt',
)
# Imports _mmuniformer.py when Python starts.
PTH = 'mmuniformer.pth'


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
    extras = {task: read_requirements('toolboxes') + read_requirements(task) for task in TASKS}
    extras['all'] = extras['mim'] = read_requirements('mminstall')
    return extras | {'tests': read_requirements('tests'), 'dev': read_requirements('dev')}


def copy_mim(package: Path) -> None:
    """Put what ``mim`` looks up into the ``.mim`` folder of the package at ``package``."""
    target = package / '.mim'
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    shutil.copy(ROOT / 'model-index.yml', target)
    for path in (path for pattern in MIM_FILES for path in ROOT.glob(pattern)):
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


class WithData(Distribution):
    def has_data(self) -> bool:
        """Editable installs ask this, and install no data files where there is no such method."""
        return self.has_data_files()


class InstallData(Distribution().get_command_class('install_data')):
    """Puts data files beside the package, into site-packages."""

    def finalize_options(self) -> None:
        self.set_undefined_options('install', ('install_lib', 'install_dir'))
        super().finalize_options()


class Sdist(sdist):
    def make_release_tree(self, base_dir: str, files: list[str]) -> None:
        super().make_release_tree(base_dir, files)
        copy_mim(Path(base_dir) / NAME)


setup(
    distclass=WithData,
    cmdclass={'build_py': BuildPy, 'install_data': InstallData, 'sdist': Sdist},
    data_files=[('', [PTH])],
    install_requires=read_requirements('runtime'),
    extras_require=make_extras(),
)
