"""Write the licenses of all that the tested stack consists of, as a page of the documentation.

    python tools/dev/licenses.py

What is installed is read, so run it in an environment of ``bash tools/setup.sh all``.
"""

from __future__ import annotations

import argparse
import re
from dataclasses import dataclass, field
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / 'docs' / 'licenses.md'
BEGIN, END = '<!-- licenses: begin -->', '<!-- licenses: end -->'
# Installed with --no-deps (requirements/pose.txt), and what a stack may bring by another name.
BESIDE = ('mmpose', 'opencv-python')
# Heading → files of requirements/ and further names. A package stands where it is needed first.
PARTS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    'The package': (('runtime',), ('mmengine',)),  # not required: a fork may provide it
    'The toolboxes': (('mminstall',), BESIDE),
    'The tests': (('tests',), ()),
    'Building and development': (('dev',), ('setuptools', 'wheel', 'ninja', 'cython')),
}
# Of packages whose metadata do not name one: read in the license file or at the link.
STATED = {
    'cuda-toolkit': 'NVIDIA, proprietary',
    'openmim': 'Apache-2.0',
    'xtcocotools': 'MIT',
}
# What metadata say → the expression of SPDX, as far as they say enough.
SPDX = {
    '3-Clause BSD License': 'BSD-3-Clause',
    'Apache 2.0': 'Apache-2.0',
    'FreeBSD': 'BSD-2-Clause',
    'NVIDIA Proprietary Software': 'NVIDIA, proprietary',
    'Apache Software License': 'Apache-2.0',
    'BSD License': 'BSD',
    'ISC License (ISCL)': 'ISC',
    'MIT License': 'MIT',
    'Mozilla Public License 2.0 (MPL 2.0)': 'MPL-2.0',
    'Other/Proprietary License': 'NVIDIA, proprietary',
    'Python Software Foundation License': 'PSF-2.0',
}
COPYLEFT = re.compile(r'GPL|MPL|EPL|CDDL|EUPL|SSPL')


@dataclass
class Row:
    found: Distribution
    needed_by: set[str] = field(default_factory=set)

    @property
    def name(self) -> str:
        return self.found.metadata['Name']

    @property
    def license(self) -> str:
        return license(self.found)


def license(found: Distribution) -> str:
    """Give the SPDX expression of a package, or the shortest thing that its metadata say."""
    metadata = found.metadata
    name = canonicalize_name(metadata['Name'])
    if name in STATED:
        return STATED[name]
    if 'License-Expression' in metadata:
        text = metadata['License-Expression']
        return 'NVIDIA, proprietary' if 'NVIDIA' in text else text
    stated = (metadata.get('License') or '').strip()
    prefix = 'License :: '
    classifiers = [c for c in metadata.get_all('Classifier', []) if c.startswith(prefix)]
    classified = {c.rpartition(' :: ')[2] for c in classifiers}
    # A short text is exact ("BSD-3-Clause") where classifiers are not ("BSD License").
    if re.fullmatch(r'[\w.\-]+( (AND|OR) [\w.\-]+)*', stated) and re.search(r'\d|MIT', stated):
        return stated
    if classified:
        return ' and '.join(sorted(SPDX.get(name, name) for name in classified))
    first = stated.partition('\n')[0]
    return SPDX.get(first, first)


def link(found: Distribution) -> str:
    metadata = found.metadata
    urls = dict(line.split(', ', 1) for line in metadata.get_all('Project-URL', []))
    urls = {key.lower(): url for key, url in urls.items()}
    for key in ('source', 'source code', 'repository', 'homepage', 'github'):
        if key in urls:
            return urls[key].strip().removesuffix('.git')
    return metadata.get('Home-page') or next(iter(urls.values()), '')


def read_names(stem: str) -> list[str]:
    lines = (ROOT / 'requirements' / f'{stem}.txt').read_text().splitlines()
    lines = [line.partition('#')[0].strip() for line in lines]
    inner = [name for line in lines if line.startswith('-r ') for name in read_names(line[3:-4])]
    return inner + [Requirement(line).name for line in lines if line and line[0] != '-']


def needs(found: Distribution, extras: set[str]) -> list[Requirement]:
    wanted = (Requirement(line) for line in found.requires or [])
    environments = [{'extra': extra} for extra in extras or {''}]
    return [
        want for want in wanted
        if not want.marker or any(want.marker.evaluate(each) for each in environments)
    ]  # fmt: skip


def collect() -> dict[str, dict[str, Row]]:
    """Follow the requirements of every part: heading → package → row."""
    seen: set[str] = set()
    parts: dict[str, dict[str, Row]] = {}
    for heading, (stems, names) in PARTS.items():
        rows = parts[heading] = {}
        direct = [name for stem in stems for name in read_names(stem)]
        queue = [(Requirement(name), '') for name in [*direct, *names]]
        while queue:
            want, by = queue.pop(0)
            key = canonicalize_name(want.name)
            if key in seen - rows.keys():
                continue
            try:
                found = distribution(want.name)
            except PackageNotFoundError:
                if by:  # another platform's, or left out on purpose
                    continue
                raise SystemExit(f'error: {want.name} is not installed') from None
            new = key not in rows
            row = rows.setdefault(key, Row(found))
            row.needed_by |= {by} - {''}
            if new or want.extras:
                queue += [(each, row.name) for each in needs(found, want.extras)]
            seen.add(key)
    return parts


def table(rows: dict[str, Row]) -> list[str]:
    lines = ['| package | version | license | needed by |', '|---|---|---|---|']
    for key in sorted(rows):
        row = rows[key]
        text = f'**{row.license}**' if COPYLEFT.search(row.license) else row.license
        first = sorted(row.needed_by - {row.name}, key=str.lower)
        by = ', '.join(first[:3]) + (f' and {len(first) - 3} more' if len(first) > 3 else '')
        url = link(row.found)
        name = f'[{row.name}]({url})' if url else row.name
        lines.append(f'| {name} | {row.found.version} | {text} | {by or "–"} |')
    return lines


def page(text: str, parts: dict[str, dict[str, Row]]) -> str:
    """Put the tables between the marks of a page."""
    lines = [BEGIN]
    for heading, rows in parts.items():
        lines += ['', f'### {heading}', '', *table(rows)]
    before, _, rest = text.partition(BEGIN)
    return before + '\n'.join([*lines, '', END]) + rest.partition(END)[2]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--page', type=Path, default=PAGE, help='default: docs/licenses.md')
    path = parser.parse_args().page
    parts = collect()
    path.write_text(page(path.read_text(), parts))
    print(f'{sum(map(len, parts.values()))} packages in {path}')


if __name__ == '__main__':
    main()
