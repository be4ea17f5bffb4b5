"""Building and installing the package as pip does."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NOT_BUILT = ('build', 'data', 'dist', 'docs', 'tests', 'work_dirs')
PIP = [sys.executable, '-m', 'pip', '--disable-pip-version-check']


def run(*command: str, cwd: Path, status: int = 0, **environment: str) -> str:
    result = subprocess.run(
        command,
        cwd=cwd,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=900,
        check=False,
    )
    assert result.returncode == status, f'{" ".join(command)}\n{result.stdout[-4000:]}'
    return result.stdout


def copy_source(target: Path) -> Path:
    """Copy the source tree, so that building next to other tests disturbs nobody."""

    def ignore(folder: str, names: list[str]) -> set[str]:
        hidden = shutil.ignore_patterns('.*', '__pycache__', '*.egg-info')(folder, names)
        return hidden | set(NOT_BUILT) if Path(folder) == ROOT else hidden

    shutil.copytree(ROOT, target, ignore=ignore)
    return target


def build_wheel(origin: Path, out: Path) -> Path:
    run(*PIP, 'wheel', str(origin), '--no-build-isolation', '--no-deps', '-w', str(out), cwd=out)
    wheels = list(out.glob('mmuniformer-*.whl'))
    assert len(wheels) == 1
    return wheels[0]
