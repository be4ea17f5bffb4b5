"""Building and installing the package as pip does."""

import os
import subprocess
import sys
from pathlib import Path

PIP = [sys.executable, '-m', 'pip', '--disable-pip-version-check']


def run(*command: str, cwd: Path, **environment: str) -> str:
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
    assert result.returncode == 0, f'{" ".join(command)}\n{result.stdout[-4000:]}'
    return result.stdout


def build_wheel(origin: Path, out: Path) -> Path:
    run(*PIP, 'wheel', str(origin), '--no-build-isolation', '--no-deps', '-w', str(out), cwd=out)
    wheels = list(out.glob('mmuniformer-*.whl'))
    assert len(wheels) == 1
    return wheels[0]
