"""The page on another device, held against the report that Python makes of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import memprof
from memprof import reports, units, words
from memprof.analysis.asking import Asked
from memprof.analysis.elsewhere import Held
from memprof.analysis.variations import what_if
from memprof.comparisons.reports import title
from memprof.findings import findings
from memprof.report.digest import Digest, digests
from memprof.report.elsewhere import WhatIf
from memprof.report.groups import Group, module_pattern
from memprof.reports import RenderOptions
from memprof.reports.page.columns import columns
from memprof.reports.page.first import figures
from memprof.reports.parts import cells
from tests.reports.page.conftest import Open

MODEL, PHASE, BATCH = "inceptionnext_t", "train", 32
ITEMS = """[...document.querySelectorAll('#plot .bubble')].map(({__data__: one}) => ({
    name: [one.name, one.module, one.phase, one.shapes], bound: one.bound, time: one.sum.time,
    least: one.sum.least, share: one.share, radius: one.radius, speed: one.y, roof: one.roof, x: one.x}))"""
ROWS = """Array.from(document.querySelectorAll('#operators tbody tr'), (row) =>
    Array.from(row.cells, (cell) => cell.textContent).slice(1))"""


def held() -> Held:
    (found,) = Asked(batch_size=BATCH).hold(MODEL, ["a100"], phase=PHASE)
    return found


@pytest.fixture(scope="module")
def page_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    one = held()
    path = tmp_path_factory.mktemp("whatif") / "page.html"
    options = RenderOptions(what_if=lambda: WhatIf((one.elsewhere(),)))
    path.write_bytes(reports.get("html").render([one.report], options))
    return path


@pytest.fixture
def shown(opened: Open, page_file: Path) -> Callable[..., Any]:
    return lambda fragment="", **options: opened(page_file, fragment, **options)


def there(device: str) -> Digest:
    (digest,) = digests([memprof.analyze(MODEL, device=device, phase=PHASE, batch_size=BATCH)])
    return digest


def name_of(group: Group) -> tuple[str, ...]:
    row = group.rows[0]
    name = words.drop_phase(words.operator(row.name))
    return name, module_pattern(group.rows), row.phase, units.shapes(row.input_shapes)


@pytest.mark.parametrize("device", ["t4", "mi300x", "rtx-5090"])
def test_another_device_is_what_python_reports_of_it(shown: Callable[..., Any], device: str) -> None:
    page, digest = shown(f"#device={device}&columns=all"), there(device)
    groups = {name_of(group): group for group in digest.operators}
    items = page.evaluate(ITEMS)
    assert len(items) == len(groups) == len(digest.operators)
    for item in items:
        group = groups[tuple(item["name"])]
        assert item["time"] == pytest.approx(group.seconds, rel=1e-9, abs=0)
        assert item["least"] == pytest.approx(group.roofline_seconds, rel=1e-9, abs=0)
        assert item["share"] == pytest.approx(group.time_share, rel=1e-9, abs=0)
        assert item["bound"] == group.bound
        assert item["speed"] == pytest.approx(group.achieved_flops_per_second, rel=1e-9, abs=0)
        assert (item["roof"] or 0) == pytest.approx(group.attainable_flops_per_second, rel=1e-9, abs=0)
        assert item["x"]["l1"] == pytest.approx(group.intensity("l1"), rel=1e-9, abs=0)
    page.evaluate("() => { const more = document.getElementById('more'); while (!more.hidden) more.click(); }")
    written = [[column.text(group, digest) for column in columns([digest])] for group in digest.operators]
    assert sorted(page.evaluate(ROWS)) == sorted(written)


def test_the_words_follow_the_device_and_come_back(shown: Callable[..., Any]) -> None:
    page, digest = shown(), there("l4")
    home = page.locator("body").inner_text()
    page.locator("#device-choice").select_option("l4")
    assert page.evaluate("new Promise((done) => setTimeout(() => done(location.hash), 30))") == "#device=l4"
    assert page.locator("h1").inner_text() == title([digest])
    assert page.locator(".figure .value").all_inner_texts() == [figure.value for figure in figures(digest)]
    assert page.locator("#why .findings li").all_inner_texts() == [item.sentence for item in findings(digest)]
    names = page.locator("table.kinds tbody th").all_inner_texts()
    assert names == [group.name for group in digest.kinds]
    times = page.locator("table.kinds tbody td:nth-child(6)").all_inner_texts()
    assert times == [units.milliseconds(group.seconds) for group in digest.kinds]
    bounds = page.locator("#bounds button").all_inner_texts()
    assert bounds == [
        f"{cells.bound_name(group.name, 'gpu')} {units.share(group.time_share)}" for group in digest.bounds
    ]
    assert units.seconds(digest.totals.seconds) in page.locator('#tree [aria-level="1"]').first.inner_text()
    assert "L4" in page.locator("#device h3").inner_text()
    page.emulate_media(media="print")  # what is seen is what is printed
    assert page.locator("#plot").is_visible()
    assert not page.locator(".roofline").is_visible()
    page.emulate_media(media="screen")
    page.locator("#device-choice").select_option("")
    assert page.locator("body").inner_text() == home


def test_thirty_devices_take_less_than_400_kb_more() -> None:
    one = held()
    elsewhere = one.elsewhere()
    assert len(elsewhere) >= 30
    alone = reports.get("html").render([one.report], RenderOptions())
    whole = reports.get("html").render([one.report], RenderOptions(what_if=lambda: WhatIf((elsewhere,))))
    assert len(whole) - len(alone) < 400_000
    assert b"no-devices" in alone
    assert b"no-devices" not in whole


def test_precision_and_batch_follow_where_they_were_asked_for(opened: Open, tmp_path: Path) -> None:
    one = held()

    def hold(precision: str, batch: int) -> list[Held]:
        return Asked(batch_size=batch).hold(MODEL, ["a100"], phase=PHASE, precision=precision)

    varied = what_if([one], "a100", ("devices", "batch"), hold)
    assert [(item.precision, item.batch_size) for item in varied.variations] == [
        ("tf32", size) for size in (1, 8, 128, 512)
    ]
    path = tmp_path / "page.html"
    path.write_bytes(reports.get("html").render([one.report], RenderOptions(what_if=lambda: varied)))
    page = opened(path, "#device=l4&group=kind")
    with page.expect_navigation():
        page.locator("#batch-choice").select_option("8")
    page.wait_for_function("document.querySelector('h1') && document.querySelectorAll('#plot .bubble').length > 0")
    (digest,) = digests([memprof.analyze(MODEL, device="l4", phase=PHASE, batch_size=8)])
    assert page.evaluate("location.hash") == "#group=kind&device=l4&batch=8"
    assert page.locator("h1").inner_text() == title([digest])
    assert page.locator(".figure .value").all_inner_texts() == [figure.value for figure in figures(digest)]
    assert sorted(item["time"] for item in page.evaluate(ITEMS)) == pytest.approx(
        sorted(group.seconds for group in digest.operators), rel=1e-9
    )


def test_several_models_follow_together(opened: Open, tmp_path: Path) -> None:
    models = "resnet50", "inceptionnext_t"
    several = [Asked(batch_size=BATCH).hold(model, ["a100"])[0] for model in models]
    path = tmp_path / "page.html"
    switched = WhatIf(tuple(one.elsewhere() for one in several))
    path.write_bytes(
        reports.get("html").render([one.report for one in several], RenderOptions(what_if=lambda: switched))
    )
    page = opened(path, "#device=l4")
    there = digests([memprof.analyze(model, device="l4", batch_size=BATCH) for model in models])
    assert page.locator("h1").inner_text() == title(there)
    assert page.locator("#why .legend").all_inner_texts()[0].split("\n") == [
        f"{cells.bound_name(group.name, 'gpu')} {units.share(group.time_share)}" for group in there[0].bounds
    ]
    for index, digest in enumerate(there):
        names = page.locator("table.modules").nth(index).locator("tbody th").all_inner_texts()
        assert names == [group.name for group in digest.modules]
