"""The figures that the page's scripts sum and print, held against Python's of the same report."""

from __future__ import annotations

import math
import random
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import memprof
from memprof import reports, units
from memprof.report.digest import digests
from memprof.reports import RenderOptions
from memprof.reports.page import scripts
from memprof.reports.page.columns import columns
from tests.reports.page.conftest import PAGES, Open

ROWS = """Array.from(document.querySelectorAll('#operators tbody tr:not(.child)'), (row) =>
    Array.from(row.cells, (cell) => cell.textContent).slice(1))"""
UNROLL = "() => { const more = document.getElementById('more'); while (!more.hidden) more.click(); }"
PRINTED: dict[str, Callable[[float], str]] = {
    "number": units.number,
    "seconds": units.seconds,
    "milliseconds": units.milliseconds,
    "byteCount": units.byte_count,
    "flopCount": units.flop_count,
    "billions": units.gigaflops,
    "flopsPerSecond": units.flops_per_second,
    "bytesPerSecond": units.bytes_per_second,
    "count": units.count,
    "intensity": units.intensity,
    "share": units.share,
    "percent": units.percent,
}


@pytest.mark.parametrize("name", PAGES)
def test_every_cell_is_what_python_prints(opened: Open, name: str) -> None:
    shown = digests(PAGES[name]())
    page = opened(name, "#columns=all")
    page.evaluate(UNROLL)
    known = columns(shown)
    written = [[column.text(group, own) for column in known] for own in shown for group in own.operators]
    assert sorted(page.evaluate(ROWS)) == sorted(written)
    for what, groups in (("kind", "kinds"), ("phase", "phases"), ("bound", "")):
        page.locator("#group").select_option(what)
        if groups:
            written = [[column.text(group, own) for column in known] for own in shown for group in getattr(own, groups)]
            assert sorted(page.evaluate(ROWS)) == sorted(written)


def test_numbers_are_printed_as_python_prints_them(browser: Any) -> None:
    """Random ones of every size, and ones that lie just between two that could be printed."""
    chance = random.Random(5)
    values = [0.0, 0.125, 0.375, 2.5, 12.5, 0.005, 0.00125, 999.5, 1000.5, 9999.5, 99.95, 1e-7, 1e7, 0.0999, 0.9995]
    values += [chance.choice((1, -1)) * 10 ** chance.uniform(-12, 17) for _ in range(3000)]
    values += [float(chance.randrange(10**6)) for _ in range(500)] + [chance.randrange(2000) / 16 for _ in range(500)]
    body = re.sub(r"^export ", "", scripts.source("units"), flags=re.MULTILINE)
    page = browser.new_page()
    parts = ", ".join(f"{name}: values.map((one) => {name}(one))" for name in PRINTED)
    printed = page.evaluate(f"(values) => {{ {body} return {{ {parts} }} }}", values)
    page.close()
    for name, function in PRINTED.items():
        wrong = [
            (value, text, function(value))
            for value, text in zip(values, printed[name], strict=True)
            if text != function(value)
        ]
        assert wrong == [], name


def test_a_depthwise_convolution_moves_to_its_intensity_at_each_level(opened: Open) -> None:
    """7x7: 49 multiply-adds for 8 bytes of DRAM, and at L1 49 inputs and weights of 4 bytes each and 4 bytes out."""
    page = opened("one", "#bubbles=kind")
    kinds = page.evaluate(
        "[...document.querySelectorAll('#plot .bubble')].map(({__data__: one}) => [one.name, one.x, one.roof, one.y])"
    )
    x, roof, _ = next(rest for name, *rest in kinds if name == "depthwise convolution")
    assert x["dram"] == pytest.approx(2 * 49 / 8, rel=1e-9)
    assert x["l1"] == x["binding"] == pytest.approx(2 * 49 / (8 * 49 + 4), rel=1e-9)
    assert roof == pytest.approx(x["l1"] * 108 * 128 * 1.41e9, rel=1e-9)  # its ring lies on the L1 roof


def test_flat_roofs_begin_where_the_roof_of_the_level_meets_them(opened: Open) -> None:
    page = opened("one", "#level=dram")
    limits = page.evaluate("JSON.parse(document.getElementById('memprof-page').textContent).scenes[0].limits.x")
    width = page.evaluate("document.querySelector('.inner').width.baseVal.value")
    lines = page.evaluate(
        "[...document.querySelectorAll('.roofs path')].map(({__data__: one}) => [one.roof.code, one.a[0], one.b[0]])"
    )
    low, high = map(math.log, limits)
    starts = {code: math.exp(low + left / width * (high - low)) for code, left, _ in lines}
    ends = {code: math.exp(low + right / width * (high - low)) for code, _, right in lines}
    assert starts["tensor"] == pytest.approx(156e12 / 1.555e12, rel=1e-6)
    assert ends["l1"] == pytest.approx(156e12 / (108 * 128 * 1.41e9), rel=1e-6)


def test_a_measured_group_tells_prediction_and_bound_apart(opened: Open) -> None:
    page = opened("measured", "#bubbles=kind")
    (digest,) = digests(PAGES["measured"]())
    found = page.evaluate(
        "[...document.querySelectorAll('#plot .bubble')].map(({__data__: one}) => one)"
        ".map((one) => [one.name, one.y, one.predicted, one.roof])"
    )
    _, speed, predicted, roof = next(item for item in found if item[0] == "matmul")
    group = digest.kind("matmul")
    assert group is not None
    assert group.measured_seconds
    assert speed == pytest.approx(group.flops / group.measured_seconds, rel=1e-9)
    assert predicted == pytest.approx(group.flops / group.seconds, rel=1e-9)
    assert roof == pytest.approx(group.flops / group.roofline_seconds, rel=1e-9)


def test_the_memory_over_the_step_is_told_beside_the_pointer(opened: Open, tmp_path: Path) -> None:
    report = memprof.analyze("resnet50", phase="train", batch_size=4)
    assert report.memory is not None
    path = tmp_path / "page.html"
    path.write_bytes(reports.get("html").render([report], RenderOptions()))
    page = opened(path, "#at=memory")
    course = report.memory.course
    place = max(range(len(course)), key=lambda at: course[at].allocated_bytes)
    assert course[place].allocated_bytes == report.memory.peak_bytes
    drawn = page.locator(".course svg")
    box = drawn.bounding_box()
    page.mouse.move(box["x"] + box["width"] * (place + 0.5) / len(course), box["y"] + box["height"] / 2)
    told = page.locator("#tip").inner_text()
    assert f"{units.byte_count(report.memory.peak_bytes)} allocated" in told
    assert f"activations {units.byte_count(report.memory.activations_bytes)}" in told
    assert f"gradients {units.byte_count(report.memory.gradients_bytes)}" in told
    assert units.byte_count(report.memory.peak_bytes) in page.locator("#memory p").last.inner_text()


@pytest.mark.parametrize("phase", ["infer", "train"])
def test_effective_ceilings_are_named_beside_roofs(opened: Open, tmp_path: Path, phase: str) -> None:
    path = tmp_path / "page.html"
    path.write_bytes(reports.get("html").render([memprof.analyze("convnext_t", phase=phase)], RenderOptions()))
    page = opened(path)
    names = page.evaluate(
        "[...document.querySelectorAll('#plot .ceilings text')].map((one) => one.getBBox())"
        ".map(({x, y, width, height}) => [x, y, x + width, y + height])"
    )
    lines = page.evaluate(
        "[...document.querySelectorAll('.roofs path')].map(({__data__: one}) => [...one.a, ...one.b])"
    )
    assert len(names) >= 2
    for left, top, right, bottom in names:
        for x0, y0, x1, y1 in lines:
            for step in range(21):
                x = left + (right - left) * step / 20
                y = y0 + (x - x0) * (y1 - y0) / (x1 - x0)
                inside = x0 <= x <= x1 and top + 0.25 * (bottom - top) < y < bottom - 0.25 * (bottom - top)
                assert not inside
    for place, one in enumerate(names):
        for other in names[:place]:
            assert one[2] < other[0] or other[2] < one[0] or one[3] < other[1] + 3 or other[3] < one[1] + 3
