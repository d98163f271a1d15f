import json
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import pytest

from memprof import reports
from memprof.report.groups import Group, group_rows
from memprof.report.reading import load_reports
from memprof.report.record import Report
from memprof.reports import RenderOptions
from tests.reports.measured_sample import STRAYS, on_cpu, run, traced
from tests.reports.sample import incomplete, sample

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
            name == tag and all(attrs.get(key.rstrip("_")) == value for key, value in attributes.items())
            for name, attrs in self.elements
        )


def page_of(*records: Report) -> Page:
    page = Page(reports.get("html").render(records, RenderOptions()).decode())
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
    written = (sample("convnext_t"), incomplete())
    scripts = [text for attributes, text in page_of(*written).scripts if attributes.get("id") == "memprof-report"]
    assert len(scripts) == 1
    assert load_reports(scripts[0]) == written


def test_names_are_text_and_never_markup() -> None:
    page = page_of(incomplete())
    assert page.count("script") == 3
    assert [tag for tag, _ in page.elements].count("b") == 0
    assert "<script>alert(1)</script>" in " ".join(page.text)
    for attributes, script in page.scripts:
        if attributes.get("type") == "application/json":
            assert "<" not in script
            assert "evil</script>" in json.dumps(json.loads(script))
        else:
            assert "alert" not in script


def test_the_page_asks_the_network_for_nothing() -> None:
    for _, attributes in page_of(sample()).elements:
        for name in ("src", "href", "action", "data"):
            assert (attributes.get(name) or "data:").startswith(("data:", "#"))
    content = reports.get("html").render([sample()], RenderOptions()).decode()
    assert "url(" not in content
    assert "@import" not in content
    assert "http" not in content.replace("http-equiv", "").replace("http://www.w3.org/", "")  # names of namespaces


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
    assert page.count("i", class_="dot bound-host") == 1
    (part,) = [
        attributes for tag, attributes in page.elements if tag == "rect" and attributes.get("class") == "bound-host"
    ]
    assert part["width"] == f"{100 * 1.0 / (1.0 + sum(row.seconds for row in whole.operators[1:])):.3f}"


def test_every_point_below_its_roofs_has_a_ring() -> None:
    page = page_of(sample())
    assert page.count("circle", class_="ring") == page.count("path", class_="stem") > 5


def test_several_models_can_be_switched_on_and_off() -> None:
    both = page_of(sample("convnext_t"), sample("inceptionnext_t"))
    assert [both.count("input", type="checkbox", value=str(index)) for index in range(3)] == [1, 1, 0]
    assert page_of(sample()).count("input", type="checkbox", value="0") == 0


def test_the_page_serves_dark_and_narrow_screens() -> None:
    content = reports.get("html").render([sample()], RenderOptions()).decode()
    assert "prefers-color-scheme: dark" in content
    assert page_of(sample()).count("meta", name="viewport") == 1


def text_of(page: Page) -> str:
    return " ".join(" ".join(page.text).split())


def test_a_measured_page_has_every_section() -> None:
    page = page_of(traced())
    text = text_of(page)
    for heading in (
        "Where the device's time went",
        "The longest gaps of the device",
        "How it was measured",
        "What ran for no operator with recorded shapes",
        "Share of FLOPs against share of measured time",
        "Counted beside modelled traffic",
    ):
        assert heading in text
    for fact in (
        "Measured time",
        "Of the roof reached",
        "Achieved arithmetic",
        "a prediction, of kernels alone; operators took 1.34x, all 1.48x",
    ):
        assert fact in text
    assert "of the predicted time" not in text
    assert "To explain: convolution in stem.0 (132 %)" in text
    assert all(stray.reason in text for stray in STRAYS)
    assert "Read from a trace (convnext_t.json.gz) of NVIDIA A100-SXM4-40GB; 1 step." in text
    assert "Of roof, lost" in text
    assert page_of(sample()).count("path", class_="head") == 0


def test_a_page_without_a_measurement_says_nothing_of_one() -> None:
    text = text_of(page_of(sample()))
    for word in ("measured ms", "lost ms", "Of roof", "Where the device's time went", "How it was measured", "†"):
        assert word not in text
    assert "predicted, not measured" in text


def test_every_measured_point_has_an_arrow_and_no_ring() -> None:
    page = page_of(traced())
    assert page.count("circle", class_="ring") == 0
    assert page.count("path", class_="head") == page.count("path", class_="shaft") > 10


def test_the_parts_of_the_devices_time_fill_the_strip() -> None:
    page = page_of(traced())
    (start,) = [
        index
        for index, (_, attrs) in enumerate(page.elements)
        if attrs.get("aria-label") == "Where the device's time went" and attrs.get("class") == "strip"
    ]
    widths = []
    for tag, attributes in page.elements[start + 1 :]:
        if tag != "rect":
            break
        widths.append(float(attributes["width"] or 0))
    assert len(widths) == 4
    assert sum(widths) == pytest.approx(100, abs=0.01)


def test_a_throttled_run_is_marked_at_the_top() -> None:
    page = page_of(run())
    text = text_of(page)
    assert "THROTTLED" in text[: text.index("What binds it")]
    assert page.count("p", class_="warning") == 1
    assert "missing missing missing" in text  # the memory in use, which the device refused to tell
    assert "THROTTLED" not in text_of(page_of(run(throttled=False)))


def test_the_page_of_a_cpu_predicts_nothing_and_names_no_part_of_a_gpu() -> None:
    text = text_of(page_of(on_cpu()))
    words = text[: text.index("The whole report is inside")]
    for word in ("CUDA", "ensor core", "redicted", "Kernel launches"):
        assert word not in words, word
    assert "matrix units" in words


def test_the_page_shows_the_grouping_that_is_asked_for() -> None:
    by_shape = Page(reports.get("html").render([traced()], RenderOptions(by="shape", top=4)).decode())
    assert "The 4 of 32 shapes that lose most time" in text_of(by_shape)
    assert "shapes that lose" not in text_of(page_of(traced()))


def test_each_grouping_is_made_once_for_a_whole_page(monkeypatch: pytest.MonkeyPatch) -> None:
    groupings: list[int] = []

    def counted(*arguments: Any) -> tuple[Group, ...]:
        groupings.append(id(arguments[1].__code__))
        return group_rows(*arguments)

    for module in ("memprof.report.digest", "memprof.comparisons.contributions"):
        monkeypatch.setattr(f"{module}.group_rows", counted)
    for report in (sample("convnext_t", "train"), traced()):
        groupings.clear()
        assert reports.get("html").render([report], RenderOptions())
        assert (
            len(groupings)
            == len(set(groupings))
            == len(("kind", "bound", "engine", "phase", "module", "like", "shape"))
        )
