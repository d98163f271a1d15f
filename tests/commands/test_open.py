"""`memprof open` as people run it, with a browser that only notes what it was given."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.command_line import memprof


@pytest.fixture
def browser(tmp_path: Path) -> str:
    script = tmp_path / "browser"
    script.write_text('#!/bin/sh\nprintf %s "$1" > opened\n')
    script.chmod(0o755)
    return f"{script} %s"


def test_a_page_is_opened_as_a_file(tmp_path: Path, browser: str) -> None:
    (tmp_path / "a b").mkdir()
    page = tmp_path / "a b" / "report.html"
    page.write_text("<p>")
    for named in ("a b/report.html", "a b"):
        done = memprof("open", named, cwd=tmp_path, BROWSER=browser)
        assert (done.code, done.out, done.err) == (0, f"Opened: {page}\n", "")
        assert (tmp_path / "opened").read_text() == page.as_uri()
        (tmp_path / "opened").unlink()


def test_without_a_browser_its_path_is_said(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("<p>")
    done = memprof("open", ".", cwd=tmp_path, BROWSER="/nowhere/browser %s", PATH="/nowhere", DISPLAY="")
    assert (done.code, done.out) == (0, f"There is no browser here. The page is {tmp_path / 'index.html'}\n")


def test_what_is_no_page_is_told(tmp_path: Path) -> None:
    (tmp_path / "report.json").write_text("{}")
    assert "does not exist" in memprof("open", "absent.html", cwd=tmp_path).error
    assert "memprof render report.json" in memprof("open", "report.json", cwd=tmp_path).error
    assert "has no page" in memprof("open", ".", cwd=tmp_path).error
    for name in ("a.html", "b.html"):
        (tmp_path / name).write_text("<p>")
    assert "has several pages: a.html, b.html" in memprof("open", ".", cwd=tmp_path).error
