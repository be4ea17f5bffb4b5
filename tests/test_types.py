"""The types of the package are right, as far as mypy can tell."""

from pathlib import Path

from mypy import api

ROOT = Path(__file__).resolve().parents[1]


def test_mypy_finds_no_error_in_the_package(monkeypatch, tmp_path):
    monkeypatch.chdir(ROOT)  # where the configuration is, and the packages that it names
    printed, complaints, status = api.run(['--cache-dir', str(tmp_path)])
    assert status == 0, f'mypy found errors:\n{printed}{complaints}'
