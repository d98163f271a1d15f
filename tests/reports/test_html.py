import json
import shutil
import subprocess
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from memprof import reports
from memprof.report import Report, load_reports
from memprof.reports import RenderOptions, theme
from tests.reports.sample import incomplete, sample

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
EMPTY = {"meta", "link", "input", "path", "circle", "br", "hr", "img", "rect", "wbr"}


class Page(HTMLParser):
    """Collects elements, checks that they nest, and keeps the text of each script."""

    def __init__(self, content: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[tuple[dict[str, str | None], str]] = []
        self.text: list[str] = []
        self.feed(content)
        self.close()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attributes)))
        if tag not in EMPTY:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attributes)))

    def handle_endtag(self, tag: str) -> None:
        if tag not in EMPTY:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "script":
            self.scripts.append((self.elements[-1][1], data))
        else:
            self.text.append(data)

    def count(self, tag: str, **attributes: str) -> int:
        return sum(
            name == tag and all(found.get(key.rstrip("_")) == value for key, value in attributes.items())
            for name, found in self.elements
        )


def page_of(*found: Report) -> Page:
    page = Page(reports.get("html").render(found, RenderOptions()).decode())
    assert page.open == []
    return page


def test_the_page_has_every_section() -> None:
    text = " ".join(" ".join(page_of(sample()).text).split())
    for heading in ("What binds it, and why", "Roofline", "Operators", "By module", "What the device can do", "Words"):
        assert heading in text
    assert "Depthwise convolutions do 2 % of the FLOPs but take 21 % of the predicted time" in text
    for fact in ("Predicted time", "Least possible time", "Kernel launches", "Peak memory", "Fits the device"):
        assert fact in text
    assert "NVIDIA A100 SXM4 40 GB" in text
    assert "Ridge point" in text
    assert "torch 2.14.1" in text


def test_the_report_can_be_read_out_of_the_page() -> None:
    found = (sample("convnext_t"), incomplete())
    scripts = [text for attributes, text in page_of(*found).scripts if attributes.get("type") == "application/json"]
    assert len(scripts) == 1
    assert load_reports(scripts[0]) == found


def test_names_are_text_and_never_markup() -> None:
    page = page_of(incomplete())
    assert page.count("script") == 2
    assert [tag for tag, _ in page.elements].count("b") == 0
    assert "<script>alert(1)</script>" in " ".join(page.text)
    for attributes, script in page.scripts:
        if attributes.get("type") == "application/json":
            assert "<" not in script
            assert json.loads(script)["workload"]["model"].startswith("evil</script>")
        else:
            assert "alert" not in script


def test_the_page_asks_the_network_for_nothing() -> None:
    for _, attributes in page_of(sample()).elements:
        for name in ("src", "href", "action", "data"):
            assert (attributes.get(name) or "data:").startswith("data:")
    content = reports.get("html").render([sample()], RenderOptions()).decode()
    assert "url(" not in content
    assert "@import" not in content
    assert "http" not in content.replace("http-equiv", "")


def test_every_operator_has_a_bubble_and_a_row() -> None:
    report = sample("inceptionnext_t")
    page = page_of(report)
    kinds = {attributes.get("data-kind") for tag, attributes in page.elements if tag == "path"} - {None}
    assert kinds == {row.kind for row in report.operators}
    rows = [attributes for tag, attributes in page.elements if tag == "tr" and "data-kind" in attributes]
    assert {attributes["data-kind"] for attributes in rows} == kinds


def test_a_strip_shows_what_the_time_is_bound_by() -> None:
    whole = sample()
    waiting = replace(whole.operators[0], bound="host", seconds=1.0)
    page = page_of(replace(whole, operators=(waiting, *whole.operators[1:])))
    fills = [attributes.get("style") or "" for tag, attributes in page.elements if tag == "i"]
    assert sum(f"background: {theme.BOUND_COLORS['host']}" in style for style in fills) == 2  # the strip and its legend
    assert f"width: {100 * 1.0 / (1.0 + sum(row.seconds for row in whole.operators[1:])):.3f}%" in " ".join(fills)


def test_every_point_below_its_roofs_has_a_ring() -> None:
    page = page_of(sample())
    assert page.count("circle", class_="ring") == page.count("path", class_="stem") > 5


def test_several_models_can_be_switched_on_and_off() -> None:
    assert page_of(sample("convnext_t"), sample("inceptionnext_t")).count("input", type="checkbox") == 2
    assert page_of(sample()).count("input", type="checkbox") == 0


def test_the_page_serves_dark_and_narrow_screens() -> None:
    content = reports.get("html").render([sample()], RenderOptions()).decode()
    assert "prefers-color-scheme: dark" in content
    assert page_of(sample()).count("meta", name="viewport") == 1


@pytest.mark.skipif(CHROMIUM is None, reason="needs chromium")
def test_a_browser_runs_the_page(tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    file.write_bytes(reports.get("html").render([incomplete(), sample("inceptionnext_t")], RenderOptions(top=5)))
    flags = (
        *("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"),
        *("--disable-component-update", "--disable-sync", f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom"),
    )
    command = [CHROMIUM or "", *flags, file.as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    page = Page(done.stdout)
    assert sum(attributes.get("aria-sort") == "descending" for _, attributes in page.elements) == 1
    shown = [attributes for tag, attributes in page.elements if tag == "tr" and "data-kind" in attributes]
    assert sum("hidden" not in attributes for attributes in shown) == 5
    assert page.count("title") == 1  # the bubbles' titles have become tips
    assert "evil</script>" in " ".join(page.text)
