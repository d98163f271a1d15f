"""setup.cfg lists every package, and what is installed from it holds every module."""

from __future__ import annotations

import configparser
import os
import re
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path, PurePosixPath

import pytest

from memprof._version import __version__
from tests.source_tree import ROOT, modules, packages


def setup() -> configparser.ConfigParser:
    parser = configparser.ConfigParser()
    parser.read(ROOT / "setup.cfg", encoding="utf-8")
    return parser


def test_every_package_is_listed() -> None:
    listed = setup()["options"]["packages"].split()
    assert sorted(listed) == packages()
    assert len(listed) == len(set(listed))


def test_operators_and_reports_lie_at_the_top_and_install_inside_memprof() -> None:
    places = dict(line.split(" = ") for line in setup()["options"]["package_dir"].strip().splitlines())
    assert places == {"memprof": "memprof", "memprof.operators": "operators", "memprof.reports": "reports"}


def test_an_installed_wheel_holds_every_module_and_data_file() -> None:
    """Runs in CI while the wheel is installed; an editable install only points at the checkout."""
    records = [item for item in metadata.distributions() if item.name == "memprof" and item.read_text("RECORD")]
    installed = {PurePosixPath(str(file)) for item in records for file in item.files or []}
    if PurePosixPath("memprof/cli.py") not in installed:
        pytest.skip("memprof is installed as editable")
    expected = {
        PurePosixPath(*name.split("."), *(["__init__"] if path.name == "__init__.py" else [])).with_suffix(".py")
        for name, path in modules().items()
    }
    assert expected <= installed
    folders = ("templates", "page/script", "page/style", "page/vendor")
    data = {*(path for folder in folders for path in (ROOT / "reports" / folder).iterdir())}
    data |= {*(ROOT / "memprof" / "devices").glob("*.json")}
    assert {path.name for path in data} <= {file.name for file in installed}


def test_the_same_source_makes_the_same_wheel(tmp_path: Path) -> None:
    """Whatever the folder, the clock and the files' times: who builds a release again can compare the bytes."""
    builders = [int(item.version.partition(".")[0]) for item in metadata.distributions(name="setuptools")]
    if max(builders, default=0) < 77:
        pytest.skip("pyproject.toml asks for setuptools 77")
    wheels = []
    for place, seed in ((tmp_path / "one", "1"), (tmp_path / "two" / "deeper", "2")):
        for name in ("memprof", "operators", "reports"):
            shutil.copytree(
                ROOT / name, place / name, ignore=shutil.ignore_patterns("__pycache__"), copy_function=shutil.copy
            )
        for name in ("setup.cfg", "pyproject.toml", "README.md", "LICENSE"):
            shutil.copy(ROOT / name, place)
        code = "import sys; from setuptools import build_meta; print(build_meta.build_wheel(sys.argv[1]))"
        done = subprocess.run(
            [sys.executable, "-c", code, str(place / "dist")],
            cwd=place,
            env={**os.environ, "SOURCE_DATE_EPOCH": "1700000000", "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        )
        wheels.append((place / "dist" / done.stdout.splitlines()[-1]).read_bytes())
    assert wheels[0] == wheels[1]


def test_the_changelog_begins_with_this_version() -> None:
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.findall(r"^## \[(.*?)\]", changes, re.MULTILINE)[0] == __version__


def test_what_runs_in_ci_is_pinned() -> None:
    steps = re.findall(r"uses: (\S+)", (ROOT / "action.yml").read_text(encoding="utf-8"))
    assert steps
    assert [step for step in steps if not re.search(r"@[0-9a-f]{40}$", step)] == []


def test_no_script_of_others_is_shipped_or_fetched() -> None:
    """But for the page's libraries, whose versions and hash tests/reports/page/test_scripts.py verifies."""
    scripts = [path for path in (ROOT / "reports").rglob("*.js") if path.parent != ROOT / "reports" / "page" / "script"]
    assert [path.relative_to(ROOT).as_posix() for path in scripts] == ["reports/page/vendor/libraries.js"]
    for path in (ROOT / "reports" / "templates").glob("*.html"):
        assert not re.search(r'<(script|link|img)[^>]*(src|href)="(?!data:)', path.read_text(encoding="utf-8")), (
            path.name
        )
