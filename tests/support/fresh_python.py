"""Run code in processes that have imported neither a toolbox nor the plugin, in a second each.

What toolboxes import is imported once; each piece of code runs in a fork of that process.
"""

import importlib
import json
import os
import subprocess
import sys
import textwrap
import traceback

SLOW_IMPORTS = (
    'torch', 'torchvision', 'mmengine.runner', 'mmcv', 'scipy.stats', 'matplotlib.pyplot',
)  # fmt: skip
AT_REST = {'MMUNIFORMER_PATCHES': '0'}  # else importing mmcv-lite imports the plugin
UNTOUCHED = ('mmuniformer', 'mmpretrain', 'mmaction', 'mmdet', 'mmseg', 'mmpose')


def run_python(code: str, **env: str) -> list[str]:
    """Run ``code`` in a new process, and return the lines it prints."""
    done = subprocess.run(
        [sys.executable, '-W', 'ignore', '-c', textwrap.dedent(code)],
        env={**os.environ, **env}, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout.strip().splitlines()


class FreshPython:
    """A process to fork from; leave the ``with`` block to end it."""

    def __enter__(self) -> 'FreshPython':
        self._process = subprocess.Popen(
            [sys.executable, '-W', 'ignore', __file__],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env={**os.environ, **AT_REST},
        )  # fmt: skip
        return self

    def __exit__(self, *exception: object) -> None:
        self._process.stdin.close()
        self._process.wait(timeout=60)

    def run(self, code: str) -> str:
        """Return what ``code`` prints; what it raises fails the test."""
        print(json.dumps(code), file=self._process.stdin, flush=True)
        answer = json.loads(self._process.stdout.readline())
        assert answer['status'] == 0, answer['output'][-2000:]
        return answer['output']


def _serve() -> None:
    for name in SLOW_IMPORTS:
        __import__(name)
    if known := set(UNTOUCHED) & set(sys.modules):
        raise RuntimeError(f'{sorted(known)} are imported before the code runs')
    for name in AT_REST:
        del os.environ[name]
    if hook := sys.modules.get('_mmuniformer'):  # of an installed plugin, run as Python starts
        importlib.reload(hook)
    for line in sys.stdin:
        reader, writer = os.pipe()
        if (child := os.fork()) == 0:
            os.close(reader)
            os.dup2(writer, 1)
            os.dup2(writer, 2)
            _run(json.loads(line))
        os.close(writer)
        with os.fdopen(reader) as output:
            text = output.read()
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        print(json.dumps({'status': status, 'output': text}), flush=True)


def _run(code: str) -> None:
    status = 0
    try:
        exec(compile(code, 'code', 'exec'), {'__name__': '__main__'})
    except BaseException:
        traceback.print_exc()
        status = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


if __name__ == '__main__':
    _serve()
