"""Run commands in this process."""

import contextlib
import io
import sys
from unittest import mock

import pytest

from mmuniformer.cli import run


def run_command(name: str, *arguments: object) -> str:
    """Run a command; return what it prints."""
    out = io.StringIO()
    with mock.patch.object(sys, 'argv', []), contextlib.redirect_stdout(out):
        run(name, [str(argument) for argument in arguments])
    return out.getvalue()


def refuse_command(name: str, *arguments: object) -> str:
    """Run a command that ends with status 2; return its error on one line."""
    error = io.StringIO()
    with contextlib.redirect_stderr(error), pytest.raises(SystemExit) as exit_:
        run_command(name, *arguments)
    assert exit_.value.code == 2
    return ' '.join(error.getvalue().split())
