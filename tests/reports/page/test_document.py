"""What the page of a document that is no report does in a browser: every document's page is made of these."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from tests.reports.page.conftest import Open
from tests.reports.page.document_sample import HOSTILE, NETWORKS
from tests.reports.page.test_browser import count, fragment_of, parameters
from tests.reports.saved.samples import DOCUMENTS

FASTEST = sorted(NETWORKS, key=lambda name: -NETWORKS[name][0])
NAMES = ".grid-table tbody th"


def named(page: Any) -> list[str]:
    return list(page.locator(NAMES).all_inner_texts())


def test_what_is_chosen_in_a_chart_is_chosen_in_the_other_and_in_the_table(opened: Open) -> None:
    page = opened("document")
    assert named(page) == FASTEST
    page.locator('.plane [data-key="convnext_t, 31"]').click()
    for selector in (".plane .mark.chosen", ".bars .chosen", ".grid-table tr.chosen"):
        assert count(page, selector) == 1, selector
    assert page.locator(".grid-table tr.chosen th").inner_text() == "convnext_t, 31"
    page.locator(NAMES, has_text="resnet50").click(modifiers=["Shift"])
    assert page.locator("#chosen-text").inner_text() == "2 marked"
    page.locator("#only").click()
    assert named(page) == ["resnet50", "convnext_t, 31"]
    assert count(page, ".plane .mark.out") == 2
    again = opened("document", "#" + fragment_of(page))
    assert named(again) == ["resnet50", "convnext_t, 31"]
    again.keyboard.press("Escape")
    assert parameters(again) == {}
    assert named(again) == FASTEST


def test_tables_sort_narrow_and_become_files(opened: Open, tmp_path: Path) -> None:
    page = opened("document", accept_downloads=True)
    page.locator(".grid-table thead button", has_text="predicted").click()
    assert named(page) == FASTEST[::-1]
    page.locator(".chips button", has_text="infer, fast").click()
    assert named(page) == ["net"]
    address = "#" + fragment_of(page)
    assert unquote(address) == "#sort.t0=2&is.t0.1=infer%2C+fast"
    assert named(opened("document", address)) == ["net"]
    page.locator(".chips button", has_text="infer, fast").click()
    page.locator("#filter").fill("train")
    assert page.locator(".shown").inner_text() == "3 of 4 rows"
    assert count(page, ".bars .out") == 1
    with page.expect_download() as download:
        page.locator(".csv").click()
    download.value.save_as(tmp_path / "rates.csv")
    lines = list(csv.DictReader((tmp_path / "rates.csv").open(newline="")))
    assert [float(line["predicted"]) for line in lines] == [600.0, 900.0, 950.0]
    assert lines[2]["Network"] == HOSTILE


def test_marks_say_their_figures_and_names_are_text(opened: Open) -> None:
    page = opened("document")
    page.locator(".plane .mark").nth(2).hover()
    assert page.locator("#tip").inner_text().splitlines() == [HOSTILE, "950 predicted"]
    assert HOSTILE in page.locator("h1").inner_text()
    assert count(page, "script") == 3
    assert page.evaluate("JSON.parse(document.getElementById('memprof-document').textContent).name") == HOSTILE


def test_a_keyboard_goes_from_mark_to_mark(opened: Open) -> None:
    page = opened("document")
    page.locator(".plane .mark").first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    assert page.locator(".plane .chosen").get_attribute("data-key") == "convnext_t, 31"
    assert page.locator("#tip").is_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "bar-name"
    page.locator(".grid-table .name").nth(1).focus()
    page.keyboard.press("Enter")
    assert page.locator(".plane .chosen").get_attribute("data-key") == FASTEST[1]


def test_a_document_reads_without_a_script_and_prints(opened: Open) -> None:
    page = opened("document", java_script_enabled=False)
    assert named(page) == list(NETWORKS)
    assert count(page, ".plane .mark") == 4
    assert not page.locator("#filter").is_visible()
    page = opened("document", color_scheme="dark")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(13, 17, 23)"
    page.emulate_media(media="print", color_scheme="light")
    page.set_viewport_size({"width": 794, "height": 1123})  # A4 at 96 dots an inch
    assert page.locator(".plane").is_visible()
    assert not page.locator(".csv").is_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 794


@pytest.mark.parametrize("width", [390, 1400])
def test_the_first_screen_holds_verdict_figures_and_chart(opened: Open, width: int) -> None:
    height = 844 if width < 400 else 900
    page = opened("document", width=width, height=height)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    places = [page.locator(selector).first.bounding_box() for selector in ("h1", ".figure", ".plane")]
    assert [box["y"] for box in places] == sorted(box["y"] for box in places)
    assert places[2]["y"] + 0.75 * places[2]["height"] < height
    assert page.locator(".wide").first.is_visible() == (width > 400)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_stands_in_a_screen_readers_way(opened: Open, scheme: str) -> None:
    axe = pytest.importorskip("axe_core_python.sync_playwright", reason="needs axe-core-python").Axe()
    page = opened("document", "#chosen=resnet50", color_scheme=scheme, bypass_csp=True)
    found = [item for item in axe.run(page)["violations"] if item["impact"] in ("serious", "critical")]
    assert [(item["id"], item["nodes"][0]["html"]) for item in found] == []


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_document_opens_on_a_phone_and_reads_to_all(opened: Open, name: str) -> None:
    axe = pytest.importorskip("axe_core_python.sync_playwright", reason="needs axe-core-python").Axe()
    page = opened(name, width=390, height=844, bypass_csp=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert 1 <= count(page, ".figure") <= 3
    assert page.locator(".chart").first.bounding_box()["y"] < 844
    found = [item for item in axe.run(page)["violations"] if item["impact"] in ("serious", "critical")]
    assert [(item["id"], item["nodes"][0]["html"]) for item in found] == []
    row = page.locator(".grid-table tbody tr.can").first
    if row.count():
        row.click(position={"x": 3, "y": 3})
        assert count(page, ".grid-table tr.chosen") >= 1
    assert page.evaluate("document.querySelectorAll('[onerror], h1 b, th b, .bar-name b').length") == 0
