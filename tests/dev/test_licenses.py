"""The page of licenses: complete, up to date with the requirements, and what the packages state."""

import re
from importlib.metadata import Distribution

import licenses
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = licenses.ROOT
PAGE = licenses.PAGE.read_text()
TABLES = PAGE[PAGE.index(licenses.BEGIN) : PAGE.index(licenses.END)]
ROW = re.compile(r'^\| (?:\[(.+?)\]\((.*?)\)|([\w.-]+)) \| (.*?) \| (.*?) \| (.*?) \|$', re.M)
ROWS = {
    canonicalize_name(linked or plain): (version, license, by)
    for linked, _, plain, version, license, by in ROW.findall(TABLES)
    if version not in ('version', '---')
}


class Stated(Distribution):
    """A package with nothing but metadata."""

    def __init__(self, *lines: str) -> None:
        self.text = '\n'.join(['Name: some', 'Version: 1', *lines, ''])

    def read_text(self, filename: str) -> str | None:
        return self.text if filename == 'METADATA' else None

    def locate_file(self, path: str) -> None: ...


@pytest.mark.parametrize('stem', ['runtime', 'mminstall', 'tests', 'docs', 'dev'])
def test_every_requirement_has_a_row(stem):
    names = {canonicalize_name(name) for name in licenses.read_names(stem)}
    assert names
    assert names - ROWS.keys() == set()


def test_the_versions_are_those_of_the_constraints():
    lines = (ROOT / 'requirements' / 'constraints-today.txt').read_text().splitlines()
    wanted = [Requirement(line) for line in lines if line and not line.startswith('#')]
    compared = 0
    for want in wanted:
        if want.marker and not want.marker.evaluate({'python_version': '3.11'}):
            continue  # the page tells of Python 3.11
        version = ROWS[canonicalize_name(want.name)][0]
        assert want.specifier.contains(version), f'{want.name}: {version}, not {want.specifier}'
        compared += 1
    assert compared > 30


def test_every_row_has_a_version_and_a_license_and_copyleft_alone_is_marked():
    assert len(ROWS) > 150
    assert all(version and license for version, license, _ in ROWS.values())
    assert 'UNKNOWN' not in TABLES
    marked = {name for name, (_, license, _) in ROWS.items() if license.startswith('**')}
    expected = {'certifi', 'tqdm', 'pathspec', 'hypothesis', 'orjson', 'pylint', 'astroid'}
    assert marked == expected


def test_no_network_depends_on_copyleft():
    package = TABLES[TABLES.index('### The package') : TABLES.index('### The toolboxes')]
    assert 'mmengine' in package and '**' not in package


BSD = 'Classifier: License :: OSI Approved :: BSD License'


@pytest.mark.parametrize(
    ('lines', 'license'),
    [
        (['License-Expression: MIT', 'License: as it is'], 'MIT'),
        (['License: BSD-3-Clause', BSD], 'BSD-3-Clause'),
        (['License: Copyright of ours, all of it', BSD], 'BSD'),
        (['License: MPL-2.0 AND MIT'], 'MPL-2.0 AND MIT'),
        (['License: FreeBSD'], 'BSD-2-Clause'),
        ([], ''),
    ],
)
def test_the_most_exact_statement_of_a_license_is_taken(lines, license):
    assert licenses.license(Stated(*lines)) == license


def test_the_source_is_linked_before_the_home_page():
    urls = ['Project-URL: Docs, d', 'Project-URL: Homepage, h', 'Project-URL: Source, s.git']
    assert licenses.link(Stated(*urls)) == 's'
    assert licenses.link(Stated('Home-page: old')) == 'old'
    assert licenses.link(Stated()) == ''


def test_tables_go_between_the_marks_and_the_rest_stays():
    row = licenses.Row(Stated('License-Expression: MPL-2.0', 'Home-page: h'), {'b', 'a', 'd', 'c'})
    text = f'before\n{licenses.BEGIN}\nold\n{licenses.END}\nafter\n'
    written = licenses.page(text, {'Part': {'some': row}})
    assert written.startswith('before\n') and written.endswith('\nafter\n') and 'old' not in written
    assert '| [some](h) | 1 | **MPL-2.0** | a, b, c and 1 more |' in written
    assert licenses.page(written, {'Part': {'some': row}}) == written
