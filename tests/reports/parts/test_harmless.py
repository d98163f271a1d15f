"""Names from models, traces and files of others do nothing to who opens what memprof writes."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace

import pytest

from memprof import reports
from memprof.report.reading import load_reports
from memprof.report.record import Report
from memprof.reports import RenderOptions
from memprof.reports.parts.csv_text import csv_text
from memprof.reports.parts.harmless import csv_cell, show_hidden
from tests.reports.sample import sample

ESC, BEL = "\x1b", "\x07"
BIDI = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c"
SHOWN = "\N{REPLACEMENT CHARACTER}"


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "＝"])
def test_text_that_would_be_a_formula_gets_an_apostrophe(start: str) -> None:
    assert csv_cell(f"{start}cmd|' /C calc'!A0") == f"'{start}cmd|' /C calc'!A0"


@pytest.mark.parametrize("number", [-1.5, 3, None, True, "-1.5", "+2e-05", "-.5", "-inf", "1,2", "a=b", "", " - "])
def test_numbers_and_other_text_stay_as_they_are(number: object) -> None:
    assert csv_cell(number) == number


@pytest.mark.parametrize("text", ["-", "+", "-1+1", "-1e", "--1", "-1\n", "-١"])
def test_what_only_begins_like_a_number_is_text(text: str) -> None:
    assert csv_cell(text) == f"'{text}"


def test_what_is_hidden_shows() -> None:
    hidden = ESC + BEL + BIDI + "\x00\x7f\x9b\ud800\u200b\u2028"
    assert show_hidden(f"a{hidden}b") == f"a{SHOWN * len(hidden)}b"
    assert show_hidden("Zürich 5×5 µs\N{NO-BREAK SPACE}–\n") == "Zürich 5×5 µs\N{NO-BREAK SPACE}–\n"
    assert show_hidden("a\nb", keep="") == f"a{SHOWN}b"


def test_a_header_is_a_cell_too() -> None:
    (header, cells) = csv.reader(io.StringIO(csv_text(["=1+1", "x"], [["@a", -2]])))
    assert (header, cells) == (["'=1+1", "x"], ["'@a", "-2"])


EVIL = f"=cmd{ESC}[31m{BEL}{BIDI}"


def named(name: str) -> Report:
    """Return a report that uses a name wherever it can."""
    report = sample()
    row = replace(report.operators[0], name=name, module=name)
    return replace(report, workload=replace(report.workload, model=name), operators=(row, *report.operators[1:]))


@pytest.mark.parametrize("name", ["csv", "md", "text", "html"])
def test_no_format_obeys_what_a_report_names(name: str) -> None:
    text = reports.get(name).render([named(EVIL)], RenderOptions()).decode()
    assert not set(text) & set(ESC + BEL + BIDI)
    if name == "csv":
        cells = [cell for line in csv.reader(io.StringIO(text)) for cell in line]
        assert not [cell for cell in cells if cell.startswith(("=", "+", "@"))]
        assert sum(cell.startswith("'=cmd") for cell in cells) > 2


def test_the_report_inside_a_page_still_has_its_names() -> None:
    page = reports.get("html").render([named(EVIL)], RenderOptions()).decode()
    found = re.search(r'<script type="application/json" id="memprof-report">(.*?)</script>', page, re.DOTALL)
    assert found is not None
    assert load_reports(found[1]) == (named(EVIL),)


def test_a_picture_shows_what_is_hidden() -> None:
    picture = reports.get("png").render([named(EVIL)], RenderOptions())
    assert picture == reports.get("png").render([named(show_hidden(EVIL))], RenderOptions())
    assert picture != reports.get("png").render([named("=cmd")], RenderOptions())
