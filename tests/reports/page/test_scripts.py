"""The page's scripts fit together, and the libraries beside them are those that were reviewed."""

import hashlib
import json
import re

import pytest

from memprof.reports.page import files, scripts
from memprof.reports.page.frame import frame
from tests.source_tree import ROOT

FOLDER = ROOT / "reports" / "page"
MOST_BYTES = 2_000_000
LONGEST = 300
ALL = tuple(sorted({*scripts.order(scripts.REPORT), *scripts.order(scripts.DOCUMENT)}))


def test_each_module_comes_after_those_that_it_imports() -> None:
    for entry in (scripts.REPORT, scripts.DOCUMENT):
        order = scripts.order(entry)
        assert order[-1] == entry
        for place, name in enumerate(order):
            assert set(scripts.imports(name)) <= {*order[:place], "libraries"}, name
    assert list(ALL) == sorted(path.stem for path in (FOLDER / "script").iterdir())  # none is there for nothing


@pytest.mark.parametrize("name", ALL)
def test_a_module_imports_what_there_is_and_is_short(name: str) -> None:
    bundled = re.findall(r"(\w+):\(\)=>", scripts.library())
    for source, names in scripts.imports(name).items():
        assert set(names) <= set(bundled if source == "libraries" else scripts.exports(source)), source
    text = scripts.source(name)
    assert len(text.splitlines()) < LONGEST
    assert text.startswith("// ")
    imported = sum(line.startswith("import ") for line in text.splitlines())
    assert imported == len(scripts.imports(name))  # each in the one form that is understood
    assert not re.search(r"innerHTML|insertAdjacentHTML|document\.write|\beval\b|\.html\(", text)  # names are text


def test_joined_they_are_one_script_without_modules() -> None:
    text = scripts.joined(scripts.REPORT)
    own = text.removeprefix(scripts.library())
    assert not re.search(r"^(import|export) ", own, re.MULTILINE)
    assert "</script" not in text.lower()
    assert "modules.store = (() => {\n// What a reader" in own


def test_the_libraries_are_those_of_the_manifest() -> None:
    manifest = json.loads(files.text("vendor/manifest.json"))
    bundle = files.text("vendor/libraries.js")
    assert hashlib.sha256(bundle.encode()).hexdigest() == manifest["sha256"]
    assert {item["licence"] for item in manifest["packages"]} == {"ISC", "BSD-3-Clause"}
    notice = bundle[: bundle.index("*/")]
    assert all(f"{item['name']} {item['version']}" in notice for item in manifest["packages"])
    assert "Permission to use, copy, modify" in notice


def test_the_page_is_small_before_its_data() -> None:
    held = frame(scripts.REPORT)
    assert len(held.style) + len(held.script) < MOST_BYTES


def test_the_policy_knows_the_page_by_hash_and_allows_no_request() -> None:
    rules = dict(rule.partition(" ")[::2] for rule in frame(scripts.REPORT).policy.split("; "))
    assert rules["default-src"] == "'none'"
    assert rules["script-src"].startswith("'sha256-")
    assert rules["style-src"].startswith("'sha256-")
    assert rules["img-src"] == "data:"
    assert not re.search(r"unsafe|\*|http", frame(scripts.REPORT).policy)
    assert "script-src" not in frame().policy
