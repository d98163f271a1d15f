"""How a report shows itself: a line, a notebook's page, matplotlib's axes, files, a table."""

from __future__ import annotations

import math
from dataclasses import replace
from html.parser import HTMLParser

import matplotlib
import pytest

from memprof import MemprofError, Report, analyze
from tests.reports.sample import sample

matplotlib.use("agg")


@pytest.fixture(scope="module")
def report() -> Report:
    return analyze("convnext_atto", batch_size=4, resolution=64, phase="train")


def test_the_repr_is_one_short_line(report: Report) -> None:
    text = repr(report)

    assert text.startswith("<Report convnext_atto, train, batch 4, tf32 on a100-sxm4-40gb: ")
    assert "ms predicted" in text
    assert len(text) < 250
    assert "\n" not in text


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.seen.append(tag)
        if tag not in ("wbr", "path", "circle", "rect", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in ("wbr", "path", "circle", "rect", "br"):
            assert self.open.pop() == tag


def test_a_notebook_shows_headline_roofline_and_ten_operators(report: Report) -> None:
    page = report._repr_html_()
    tags = Tags()
    tags.feed(page)

    assert tags.open == []
    assert tags.seen.count("svg") == 1
    assert tags.seen.count("tr") == 1 + 10
    assert "script" not in tags.seen
    assert "prefers-color-scheme: dark" in page
    assert 'data-jp-theme-light="false"' in page
    assert len(page) < 100_000


def named(model: str) -> Report:
    report = sample()
    return replace(report, workload=replace(report.workload, model=model))


def test_a_name_cannot_break_out_of_the_page() -> None:
    hostile = named("<script>alert(1)</script>")

    assert "<script" not in hostile._repr_html_()
    assert "\n" not in repr(named("a\nb"))


@pytest.mark.parametrize("name", ["plot", "plot_time", "plot_memory"])
def test_plots_go_on_new_axes_or_on_ones_own(report: Report, name: str) -> None:
    from matplotlib import pyplot
    from matplotlib.axes import Axes

    draw = getattr(report, name)
    made = draw()
    _, own = pyplot.subplots()

    assert isinstance(made, Axes)
    assert draw(ax=own) is own
    assert "convnext_atto" in own.get_title(loc="left")
    for axes in (made, own):
        axes.figure.canvas.draw()  # what is wrong with a picture shows when it is drawn
    pyplot.close("all")


def test_bars_of_time_add_up_to_the_step(report: Report) -> None:
    bars = report.plot_time().patches

    assert sum(bar.get_width() for bar in bars) == pytest.approx(1e3 * report.totals.seconds)


@pytest.mark.parametrize("extension", ["html", "png", "json", "csv", "md", "txt"])
def test_the_extension_says_how_a_report_is_saved(report: Report, tmp_path: object, extension: str) -> None:
    path = report.save(f"{tmp_path}/report.{extension}")

    assert path.stat().st_size > 1000
    if extension == "json":
        assert Report.from_json(path.read_bytes()) == report


def test_another_extension_is_refused(report: Report, tmp_path: object) -> None:
    with pytest.raises(MemprofError, match=r"no report is written as \.xlsx"):
        report.save(f"{tmp_path}/report.xlsx")


def test_a_table_has_numbers_where_figures_are(report: Report) -> None:
    table = report.to_pandas()
    kinds = table.dtypes.astype(str)

    assert {"int64"} == set(kinds[["calls", "launches"]])
    assert {"float64"} == set(kinds[["seconds", "intensity_dram", "measured_seconds", "percent_of_roof"]])
    assert math.isnan(table["measured_seconds"].iloc[0])
    assert table["seconds"].sum() == pytest.approx(report.totals.seconds)
