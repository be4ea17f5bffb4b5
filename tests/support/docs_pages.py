"""The pages of the documentation: their blocks of code, and the commands in them."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(path for path in (ROOT / 'docs').rglob('*.md'))
# Pages of the tasks are part of the site, too.
TASKS = sorted((ROOT / 'configs').glob('*/README*.md'))
LINKED = ('configs', 'docs', 'tools', 'requirements')  # what a page finds in the checkout

_BLOCK = re.compile(r'^```(\w+)\n(.*?)^```$', re.DOTALL | re.MULTILINE)
_ASSIGNMENT = re.compile(r'(\w+)=(.*)', re.DOTALL)
_VARIABLE = re.compile(r'\$\{?(\w+)\}?')


def name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def blocks(page: Path, language: str) -> list[str]:
    return [text for info, text in _BLOCK.findall(page.read_text()) if info == language]


def is_config(block: str) -> bool:
    return '\n_base_ = ' in f'\n{block}'


def config_name(block: str) -> str:
    """The name a page gives to a config in its first line."""
    return block.splitlines()[0].removeprefix('# ')


def lay_out(page: Path, folder: Path) -> None:
    """Make ``folder`` look like a checkout, with the configs that the page shows."""
    for linked in LINKED:
        (folder / linked).symlink_to(ROOT / linked)
    for block in filter(is_config, blocks(page, 'python')):
        (folder / config_name(block)).write_text(block)


@dataclass(frozen=True)
class Command:
    """A command of a page, variables of the page filled in."""

    page: str
    words: tuple[str, ...]

    @property
    def text(self) -> str:
        return ' '.join(self.words)

    @property
    def in_shell(self) -> str:
        """The command with its words quoted where they have to be; patterns are left to match."""
        return ' '.join(word if '*' in word else shlex.quote(word) for word in self.words)


def commands(page: Path) -> Iterator[Command]:
    """Give the commands of all ``bash`` blocks, in order."""
    variables: dict[str, str] = {}
    for block in blocks(page, 'bash'):
        for line in block.replace('\\\n', ' ').splitlines():
            words = shlex.split(_filled(line, variables), comments=True)
            while words and (assignment := _ASSIGNMENT.fullmatch(words[0])):
                if len(words) == 1:
                    variables[assignment[1]] = assignment[2]
                words = words[1:]  # of one command alone: not what is tested
            if words and not words[0].startswith('--'):  # a page may show options by themselves
                yield Command(name(page), tuple(words))


def _filled(line: str, variables: dict[str, str]) -> str:
    return _VARIABLE.sub(lambda found: variables.get(found[1], found[0]), line)
