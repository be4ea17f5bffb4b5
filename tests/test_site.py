"""The built site in a real browser: what a reader sees of the navigation and of wide tables."""

import json
import re
import shutil
import sys
from html import unescape
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
BROWSERS = ('chromium', 'chromium-browser', 'google-chrome', 'chrome')
BROWSER = next(filter(None, map(shutil.which, BROWSERS)), None)
PAGES = sorted(path.parent.name for path in ROOT.glob('configs/*/README.md'))
# Written into the page when it is loaded; edges are in pixels.
MEASURE = """
<script>
window.addEventListener('load', () => {
  const visible = element => element.getClientRects().length > 0;
  const tables = [...document.querySelectorAll('.md-typeset table')].map(table => ({
    columns: [...table.querySelectorAll('th')].map(cell => cell.textContent),
    right: table.getBoundingClientRect().right,
    room: table.closest('.md-content').getBoundingClientRect().right,
  }));
  const links = [...document.querySelectorAll('.md-nav__link[href]')].filter(visible);
  const found = {tables, width: innerWidth, links: links.map(link => link.textContent.trim())};
  document.body.dataset.seen = JSON.stringify(found);
});
</script>
"""
pytestmark = [
    pytest.mark.skipif(find_spec('mkdocs') is None, reason='mkdocs is not installed'),
    pytest.mark.skipif(BROWSER is None, reason=f'there is no browser: {", ".join(BROWSERS)}'),
]


@pytest.fixture(scope='module')
def site(tmp_path_factory, run) -> Path:
    folder = tmp_path_factory.mktemp('site')
    run(sys.executable, '-m', 'mkdocs', 'build', '--quiet', '-d', folder, cwd=ROOT)
    return folder


def look(run, page: Path, width: int) -> dict:
    measured = page.with_name(f'measured_{width}.html')
    measured.write_text(page.read_text().replace('</head>', f'{MEASURE}</head>'))
    dom = run(
        BROWSER, '--headless', '--no-sandbox', '--disable-gpu', f'--window-size={width},1000',
        '--virtual-time-budget=5000', '--dump-dom', measured.as_uri(),
    ).stdout  # fmt: skip
    return json.loads(unescape(re.search(r'data-seen="(.*?)"', dom)[1]))


@pytest.mark.parametrize('name', PAGES)
def test_no_table_of_models_is_cut_at_the_right_edge(name, site, run):
    seen = look(run, site / 'configs' / name / 'index.html', 1300)
    tables = [table for table in seen['tables'] if 'ours' in table['columns']]
    assert tables
    for table in tables:
        assert table['right'] <= table['room'] <= seen['width'], table['columns']


def test_the_navigation_names_every_task(site, run):
    links = look(run, site / 'index.html', 1300)['links']
    tasks = ('Image classification', 'Video classification', 'Detection', 'Segmentation', 'Pose')
    assert [links.count(task) for task in tasks] == [1] * len(tasks)
