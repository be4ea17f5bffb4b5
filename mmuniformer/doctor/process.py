"""Run code in a separate Python process, so that a crash does not affect this one."""

from __future__ import annotations

import subprocess
import sys

TIMEOUT = 300  # seconds


def run_python(code: str, *args: str) -> tuple[bool, str]:
    """Return whether the code succeeded, and its output: stderr if it failed."""
    command = [sys.executable, '-W', 'ignore', '-c', code, *args]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT, check=False)
    except subprocess.TimeoutExpired:
        return False, f'it took more than {TIMEOUT} s'
    if done.returncode < 0:
        return False, f'{done.stderr}\nthe interpreter was killed by signal {-done.returncode}'
    return done.returncode == 0, (done.stderr if done.returncode else done.stdout).strip()
