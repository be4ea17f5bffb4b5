"""Commands that a page shows: which are only looked at, why, and how."""

import argparse
import contextlib
import copy
import functools
import importlib
import io
import os
import re
import runpy
import sys
from importlib.util import find_spec
from pathlib import Path
from unittest import mock

import pytest
from docs_pages import ROOT, Command
from mmengine.config import Config

from configs import CONFIGS
from mmuniformer.apis.configs import find_config

# Pattern of a command → why the tests do not run it. All others are run.
NOT_RUN = {
    r'(python -m )?pip (install|uninstall|wheel)': 'changes the environment of the tests',
    r'python -m (build|twine|venv)|/tmp/release-|rm |git ': 'makes a release',
    r'pip-audit': 'asks a database on the network',
    r'pip check': 'looks at another environment than the one of the tests',
    r'bash tools/(setup|quickstart|run_tests)\.sh': 'builds an environment',
    r'(mim|mmuniformer) (train|test)': 'trains or tests for minutes to days, mostly on GPUs',
    r'mim (download|search|install)': 'needs the network, or the plugin as a wheel',
    r'(python -m torch\.distributed\.run|torchrun)': 'trains for days on several machines',
    r'python tools/(train|test)\.py': 'needs a trained model',
    r'mmuniformer (demo|web|visualize|export)': 'needs a trained model',
    r'mmuniformer (convert|permute-head)': 'needs a released file',
    r'mmuniformer doctor \S': 'says that data and checkpoints are missing, and exits with 1',
    r'mmuniformer make-k710': 'needs the lists of Kinetics',
    r'mmuniformer make-label-maps': 'needs ImageNet and a download',
    r'mmuniformer zoo (fetch|check)': 'needs the network, or a released file',
    r'mmuniformer benchmark .*(cuda|800x1280|video|v2)': 'takes minutes, or a GPU',
    r'mmuniformer benchmark$': 'takes minutes',
    r'python tools/dev/benchmark_operators\.py': 'needs operators that are compiled',
    r'mmuniformer reproduce .*(--checkpoints|all|mini)': 'needs checkpoints, takes minutes',
    r'python -m (http\.server|mkdocs serve)': 'does not end',
    r'mkdocs (build|serve)': 'has a test of its own, or does not end',
}
MODULES = {'mmaction2': 'mmaction'}  # name of a toolbox → of its module
# Run, but only with the tests that take long.
SLOW = (r'mmuniformer (benchmark|complexity|doctor|make-mini-data|memory|reproduce)',)


def reason(command: Command) -> str | None:
    """Why a command is not run, ``None`` if it is."""
    return next((why for what, why in NOT_RUN.items() if re.match(what, command.text)), None)


def is_slow(command: Command) -> bool:
    return any(re.match(pattern, command.text) for pattern in SLOW)


def check(command: Command, folder: Path) -> None:
    """Look at a command without running it: files are there, configs load, options exist.

    ``folder`` is the current one, laid out as a checkout.
    """
    first, *rest = command.words
    if first == 'mim' and rest[0] in ('train', 'test'):
        check_mim(rest[0], rest[1:], folder)
    elif first == 'mmuniformer':
        check_own(rest)
    elif first == 'mim':
        check_click(rest[0], rest[1:])
    elif first == 'python' and rest[0] != '-m':
        parse_script(ROOT / rest[0], rest[1:])
    elif first == 'torchrun':
        script = next(word for word in rest if word.startswith('tools/'))
        parse_script(ROOT / script, rest[rest.index(script) + 1 :])
    elif first == 'bash':
        script = ROOT / rest[0]
        assert script.is_file(), command.text
        for word in rest[1:]:
            assert word in script.read_text() or (ROOT / word).exists(), command.text
    for word in command.words:
        check_path(word, folder)


def check_path(word: str, folder: Path) -> None:
    """A word that is a path in the checkout leads to something; a config among it loads."""
    if not word.startswith(('configs/', 'docs/', 'tools/', 'requirements/')):
        return
    found = list(folder.glob(word))
    assert found, f'{word} does not exist'
    for path in found[:2]:
        if word.startswith('configs/') and path.suffix == '.py':
            load(path)


@functools.cache
def _loaded(path: Path) -> Config:
    return Config.fromfile(path)


def load(path: Path) -> Config:
    return copy.deepcopy(_loaded(path))


def check_click(name: str, words: list[str]) -> dict:
    """Have one of mim's commands parse ``words``; give its parameters."""
    commands = pytest.importorskip('mim.commands')
    module = __import__(f'{commands.__name__}.{name}', fromlist=['cli'])
    return module.cli.make_context(name, list(words)).params


def check_mim(name: str, words: list[str], folder: Path) -> None:
    """``mim train`` and ``mim test``: mim's options, then those of the toolbox's script."""
    parameters = check_click(name, words)
    given = parameters['config']
    config = folder / given
    if not config.is_file():  # mim finds a config by its name
        (config,) = CONFIGS.glob(f'*/{given.removesuffix(".py")}.py')
    package, launcher = parameters['package'], parameters['launcher']
    checkpoint = [parameters['checkpoint']] if parameters.get('checkpoint') else []
    arguments = [str(config), *checkpoint, '--launcher', launcher, *parameters['other_args']]
    if package == 'mmuniformer':
        parsed = parse_own(name, arguments)
    else:
        parsed = parse(script_of(package, name), arguments)
    load(config).merge_from_dict(parsed.cfg_options or {})


def check_own(words: list[str]) -> None:
    """``mmuniformer NAME ...``: the command takes the options, and its configs are there."""
    args = vars(parse_own(words[0], words[1:]))
    for config in [args.get('config'), *(args.get('configs') or [])]:
        if config not in (None, 'CONFIG', '$CONFIG') and '*' not in config:
            find_config(config)


def parse_own(name: str, arguments: list[str]) -> argparse.Namespace:
    """Parse the arguments of a command of this package."""
    said = io.StringIO()
    module = importlib.import_module(f'mmuniformer.cli.{name.replace("-", "_")}')
    try:
        with contextlib.redirect_stderr(said):
            return module.make_parser().parse_args(arguments)
    except SystemExit:
        raise AssertionError(f'{name} refuses {" ".join(arguments)}: {said.getvalue()}') from None


def parse_script(script: Path, arguments: list[str]) -> argparse.Namespace:
    """Parse the arguments of a script of this repository, which may stand for a command."""
    command = re.search(r"^ *run\('(.*)'\)$", script.read_text(), re.MULTILINE)
    return parse_own(command[1], arguments) if command else parse(script, arguments)


def script_of(package: str, name: str) -> Path:
    folder = Path(find_spec(MODULES.get(package, package)).origin).parent
    return folder / '.mim' / 'tools' / f'{name}.py'


class _ParsedError(Exception):
    """Ends a script as soon as it has understood its arguments."""


def stopped_when_parsed(method: str) -> contextlib.AbstractContextManager:
    parse_args = getattr(argparse.ArgumentParser, method)

    def stop(self: argparse.ArgumentParser, *args, **options) -> None:
        raise _ParsedError(parse_args(self, *args, **options))

    return mock.patch.object(argparse.ArgumentParser, method, stop)


def parse(script: Path, arguments: list[str]) -> argparse.Namespace:
    """Run a script until its parser has taken ``arguments``; give what it made of them."""
    said = io.StringIO()
    with (
        stopped_when_parsed('parse_args'),
        stopped_when_parsed('parse_intermixed_args'),
        mock.patch.object(sys, 'argv', [str(script), *arguments]),
        mock.patch.object(sys, 'path', [str(script.parent), *sys.path]),
        mock.patch.dict(os.environ),
        contextlib.redirect_stderr(said),
    ):
        try:
            runpy.run_path(str(script), run_name='__main__')
        except _ParsedError as parsed:
            return parsed.args[0]
        except SystemExit:
            pass
    raise AssertionError(f'{script.name} refuses {" ".join(arguments)}: {said.getvalue()}')
