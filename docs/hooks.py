"""Puts pages that live elsewhere in the repository into the site, and all that pages link to.

A page written in ``docs/`` links to ``../configs/det/README.md`` as it does on the web page of the
repository. In the site ``docs/`` is the root, and everything else stands beside it under its path.
"""

import posixpath
import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parents[1]
DOCS = 'docs/'
PAGES = ('CHANGELOG.md', 'CONTRIBUTING.md', 'configs/*/README*.md')
# The target of a link or picture, without the part of the page behind it.
LINK = re.compile(r'(?<=\]\()(?![a-z]+:)([^)#\s]+)')


def on_files(files: Files, config: MkDocsConfig) -> Files:
    known = {file.src_uri for file in files}
    paths = [path for pattern in PAGES for path in sorted(ROOT.glob(pattern))]
    pages = [ROOT / DOCS / file.src_uri for file in files.documentation_pages()] + paths
    for page in pages:
        paths += [(page.parent / link).resolve() for link in LINK.findall(page.read_text())]
    for path in paths:
        name = path.relative_to(ROOT).as_posix()
        if not name.startswith(DOCS) and name not in known and path.is_file():
            known.add(name)
            files.append(File.generated(config, name, abs_src_path=str(path)))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    here = page.file.src_uri
    if page.file.generated_by is None:  # else it has its place in the repository for a name
        here = DOCS + here

    def in_site(link: re.Match) -> str:
        target = posixpath.normpath(posixpath.join(posixpath.dirname(here), link.group()))
        folder = posixpath.dirname(here.removeprefix(DOCS))
        return posixpath.relpath(target.removeprefix(DOCS), folder or '.')

    return LINK.sub(in_site, markdown)
