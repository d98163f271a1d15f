"""What the page does in a browser, held against the report: each test drives chromium as a reader would."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from memprof import units
from memprof.report.digest import digests
from memprof.report.groups import module_pattern
from tests.reports.measured_sample import INFERRED
from tests.reports.page.conftest import PAGES, Open
from tests.reports.sample import sample

(CONVNEXT,) = digests([sample()])
DEPTHWISE = next(place for place, group in enumerate(CONVNEXT.operators) if group.kind == "depthwise convolution")
BUBBLE = f'.bubble[data-key="operator.0.{DEPTHWISE}"]'
WRITTEN = "Array.from(document.querySelectorAll('#operators tbody tr:not(.parent)'), (row) => row.dataset.key)"


def count(page: Any, selector: str) -> int:
    return page.locator(selector).count()


def fragment_of(page: Any) -> str:
    """Return what the address holds once what was just chosen is in it."""
    return str(page.evaluate("new Promise((done) => setTimeout(() => done(location.hash.slice(1)), 30))"))


def parameters(page: Any) -> dict[str, str]:
    fragment = fragment_of(page)
    return dict(part.split("=") for part in fragment.split("&")) if fragment else {}


@pytest.mark.parametrize("name", PAGES)
def test_it_opens_without_a_word_and_without_a_request(opened: Open, name: str) -> None:
    page = opened(name)
    assert count(page, "#plot .bubble") >= 5
    assert count(page, "#tree .block") > 5
    assert count(page, "#operators tbody tr") >= 5
    assert not page.locator(".roofline").is_visible()


def test_without_a_script_everything_is_there_to_read(opened: Open) -> None:
    page = opened("one", java_script_enabled=False)
    assert page.locator(".roofline").is_visible()
    assert count(page, "#operators tbody tr") == len(CONVNEXT.operators)
    assert not page.locator("#level").is_visible()
    assert not page.locator("#filter").is_visible()


def test_a_script_that_memprof_did_not_write_does_not_run(browser: Any, files: Callable[[str], Path]) -> None:
    page = browser.new_page()
    page.goto(files("one").as_uri())
    refused = "(done) => document.addEventListener('securitypolicyviolation', (event) => done(event.blockedURI))"
    script = "Object.assign(document.createElement('script'), {textContent: 'window.ran = 1'})"
    page.evaluate(f"window.seen = new Promise({refused}); document.body.append({script})")
    assert page.evaluate("window.seen") == "inline"
    assert page.evaluate("window.ran") is None
    page.close()


def test_pointing_at_a_bubble_tells_its_figures(opened: Open) -> None:
    page = opened("one")
    page.locator(BUBBLE).dispatch_event("pointermove", {"clientX": 300, "clientY": 300})
    group = CONVNEXT.operators[DEPTHWISE]
    text = page.locator("#tip").inner_text()
    for part in (
        units.milliseconds(group.seconds),
        units.share(group.time_share),
        units.gigaflops(group.flops),
        units.gigabytes(group.l1_bytes),
        units.shapes(group.rows[0].input_shapes),
        module_pattern(group.rows),
        "L1",
    ):
        assert part in text


def test_operators_move_to_their_intensity_at_another_level(opened: Open) -> None:
    page = opened("one")
    box = page.evaluate(
        "(({width, height}) => [width.baseVal.value, height.baseVal.value])(document.querySelector('.inner'))"
    )
    limits = page.evaluate("JSON.parse(document.getElementById('memprof-page').textContent).scenes[0].limits")
    group = CONVNEXT.operators[DEPTHWISE]

    def pixels(value: float, axis: str, length: float) -> float:
        low, high = (math.log(limit) for limit in limits[axis])
        return (math.log(value) - low) / (high - low) * length

    for level in ("dram", "l2", "l1"):
        page.locator(f'#level input[value="{level}"]').check(force=True)
        at = page.locator(BUBBLE).evaluate(
            "(node) => node.__data__.x[node.ownerDocument.querySelector('#level :checked').value]"
        )
        assert at == pytest.approx(group.intensity(level), rel=1e-9)
        x, y = (float(part) for part in page.locator(BUBBLE).get_attribute("transform")[10:].split(")")[0].split())
        assert x == pytest.approx(pixels(group.flops / group.bytes_at(level), "x", box[0]), abs=0.1)
        assert box[1] - y == pytest.approx(pixels(group.flops / group.seconds, "y", box[1]), abs=0.1)
        assert parameters(page)["level"] == level


def test_what_is_chosen_in_one_view_is_chosen_in_all(opened: Open) -> None:
    page = opened("one")
    page.locator(BUBBLE).dispatch_event("click")
    assert parameters(page) == {"chosen": f"operator.0.{DEPTHWISE}"}
    assert page.evaluate(WRITTEN)[0] == f"operator.0.{DEPTHWISE}"
    assert count(page, "#operators tr.chosen") == 1
    calls = CONVNEXT.operators[DEPTHWISE].calls
    assert count(page, "#tree .end.chosen") == calls  # one block for each of the stage's blocks
    assert page.locator("#chosen-text").inner_text().endswith("of time")

    stage = page.locator("#tree .block", has_text="stages").first
    stage.click()
    below = page.evaluate("document.querySelectorAll('#plot .bubble.chosen').length")
    staged = [group for group in CONVNEXT.operators if any(row.module.startswith("stages.") for row in group.rows)]
    assert below == len(staged)
    page.locator("#only").click()
    assert page.locator("#shown").inner_text() == f"10 of {len(staged)} shown"
    page.keyboard.press("Escape")
    assert parameters(page) == {}
    assert page.locator("#shown").inner_text() == f"10 of {len(CONVNEXT.operators)} shown"


def test_a_filter_narrows_plot_tree_and_table_together(opened: Open) -> None:
    page = opened("one")
    page.locator("#filter").fill("mlp.fc1 stages.2")
    page.locator('#kinds button[data-code="matmul"]').click()
    kept = [
        group
        for group in CONVNEXT.operators
        if any(row.module.endswith("mlp.fc1") and row.module.startswith("stages.2") for row in group.rows)
    ]
    assert len(kept) == 1
    assert count(page, "#plot .bubble:not(.out)") == len(kept)
    assert page.locator("#shown").inner_text() == "1 of 1 shown"
    assert page.locator("#operators tbody td").nth(0).inner_text() == units.milliseconds(kept[0].seconds)
    assert count(page, "#tree .end:not(.out)") == kept[0].calls
    page.locator('#bounds button[data-code="l1"]').click()
    assert count(page, "#operators tbody tr") == 0
    assert parameters(page) == {"filter": "mlp.fc1+stages.2", "kinds": "matmul", "bounds": "l1"}


def test_rows_sort_and_gather_under_what_they_share(opened: Open) -> None:
    page = opened("training")
    (digest,) = digests(PAGES["training"]())
    page.locator('#operators th[data-key="flops"] button').click()
    shown = [int(key.split(".")[2]) for key in page.evaluate(WRITTEN)]
    assert [digest.operators[place].flops for place in shown] == sorted(
        (g.flops for g in digest.operators), reverse=True
    )[:10]
    page.locator("#group").select_option("kind")
    page.locator('#operators th[data-key="time"] button').click()
    names = page.locator("#operators tr.parent .name").all_inner_texts()
    assert names == [group.name for group in digest.kinds]
    times = page.locator("#operators tr.parent td:nth-child(2)").all_inner_texts()
    assert times == [units.milliseconds(group.seconds) for group in digest.kinds]
    page.locator("#operators .fold").first.click()
    own = [group for group in digest.operators if group.kind == digest.kinds[0].name]
    assert count(page, "#operators tr.child") == len(own)
    page.locator("#group").select_option("phase")
    assert page.locator("#operators tr.parent .name").all_inner_texts() == [group.name for group in digest.phases]


def test_the_address_holds_what_a_reader_sees(opened: Open) -> None:
    fragment = (
        "#level=l2&bubbles=kind&zoom=2,-0.5,-0.25&filter=conv&chosen=kind.0.1&measure=flops&group=bound&sort=calls"
        "&columns=all"
    )
    page = opened("one", fragment)
    seen = page.evaluate(
        "[...document.querySelectorAll('.bubble, #tree .block, #operators tr')].map((one) => one.outerHTML)"
    )
    assert "#" + fragment_of(page) == fragment
    assert page.locator("#level :checked").get_attribute("value") == "l2"
    assert page.locator("#filter").input_value() == "conv"
    assert page.locator("#operators .more").first.is_visible()
    again = opened("one", "#" + fragment_of(page))
    assert (
        again.evaluate(
            "[...document.querySelectorAll('.bubble, #tree .block, #operators tr')].map((one) => one.outerHTML)"
        )
        == seen
    )
    lost = opened("one", "#level=l9&chosen=operator.0.9999,nothing&sort=<b>&zoom=alert(1)&group=kind&__proto__=1")
    assert parameters(lost) == {"group": "kind"}


def test_the_plot_zooms_and_goes_back(opened: Open) -> None:
    page = opened("one")
    before = page.locator(BUBBLE).get_attribute("transform")
    page.locator("#zoom-in").click()
    assert page.locator(BUBBLE).get_attribute("transform") != before
    assert float(parameters(page)["zoom"].split(",")[0]) == pytest.approx(1.6)
    page.locator("#zoom-all").click()
    assert page.locator(BUBBLE).get_attribute("transform") == before
    assert "zoom" not in parameters(page)


def test_the_tree_zooms_and_measures(opened: Open) -> None:
    page = opened("one")
    width = page.locator("#tree").bounding_box()["width"]
    stage = page.locator('#tree .block[aria-level="3"]', has_text="ms").first
    stage.dblclick()
    assert page.locator('#tree .block[aria-level="1"]').bounding_box()["width"] == pytest.approx(width, abs=1)
    assert page.locator("#crumbs button").all_inner_texts() == ["convnext_t", "stages", "0"]
    page.locator("#crumbs button").first.click()
    page.locator('#measure input[value="flops"]').check(force=True)
    root = page.locator('#tree .block[aria-level="1"]').inner_text()
    assert units.flop_count(CONVNEXT.totals.flops) in root


def test_a_keyboard_reaches_everything(opened: Open) -> None:
    page = opened("one")
    page.locator("#zoom-all").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    assert parameters(page)["chosen"] == "operator.0.1"
    page.keyboard.press("+")
    zoomed = parameters(page)["zoom"]
    page.keyboard.press("Shift+ArrowLeft")
    assert parameters(page)["zoom"].split(",")[0] == zoomed.split(",")[0]
    assert float(parameters(page)["zoom"].split(",")[1]) > float(zoomed.split(",")[1])
    page.keyboard.press("Escape")
    page.locator("#tree-in").focus()
    for _ in range(8):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.getAttribute('role')") == "treeitem":
            break
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    key = parameters(page)["chosen"]
    assert page.locator(f'#tree .block[data-key="{key}"]').evaluate("(node) => node === document.activeElement")
    page.keyboard.press("+")
    assert parameters(page)["root"] == key
    page.locator("#operators .name").nth(2).focus()
    page.keyboard.press("Enter")
    assert parameters(page)["chosen"].startswith("operator.0.")


def test_models_leave_the_page_together_with_all_that_is_theirs(opened: Open) -> None:
    page = opened("two")
    whole = count(page, "#plot .bubble:not(.out)")
    page.locator("#toggles input").first.uncheck()
    assert parameters(page) == {"without": "0"}
    assert 0 < count(page, "#plot .bubble:not(.out)") < whole
    assert all(key.split(".")[1] == "1" for key in page.evaluate(WRITTEN))
    assert not page.locator("header .figures").first.is_visible()


@pytest.mark.parametrize("width", [390, 1400])
def test_the_first_screen_holds_verdict_figures_and_picture(opened: Open, width: int) -> None:
    height = 844 if width < 400 else 900
    page = opened("one", width=width, height=height)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    places = [page.locator(selector).first.bounding_box() for selector in ("h1", ".figure", "#plot")]
    assert [box["y"] for box in places] == sorted(box["y"] for box in places)
    assert places[2]["y"] + 0.75 * places[2]["height"] < height
    table = page.locator("#operators").bounding_box()
    assert table["x"] + table["width"] <= width


def test_print_takes_the_still_picture_and_dark_screens_are_dark(opened: Open) -> None:
    page = opened("one", color_scheme="dark")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(13, 17, 23)"
    page.emulate_media(media="print", color_scheme="light")
    assert page.locator(".roofline").is_visible()
    assert not page.locator("#plot").is_visible()
    assert not page.locator("nav").is_visible()
    page.set_viewport_size({"width": 794, "height": 1123})  # A4 at 96 dots an inch
    assert page.evaluate("document.documentElement.scrollWidth") <= 794


def test_the_file_for_a_spreadsheet_holds_the_reports_figures(opened: Open, tmp_path: Path) -> None:
    page = opened("one", accept_downloads=True)
    page.locator("#filter").fill("depthwise")
    with page.expect_download() as download:
        page.locator("#csv").click()
    download.value.save_as(tmp_path / "operators.csv")
    with (tmp_path / "operators.csv").open(newline="") as file:
        lines = list(csv.DictReader(file))
    groups = [group for group in CONVNEXT.operators if group.kind == "depthwise convolution"]
    assert len(lines) == len(groups)
    for line, group in zip(lines, groups, strict=True):
        for field in ("seconds", "roofline_seconds", "flops", "dram_bytes", "l1_bytes", "time_share"):
            assert float(line[field]) == pytest.approx(getattr(group, field), rel=1e-9)


def test_what_was_inferred_is_said(opened: Open) -> None:
    page = opened("measured")
    marked = page.locator("#operators tbody th", has_text="†").first
    assert marked.get_attribute("title") == f"† inferred: {INFERRED}"


def test_hostile_names_are_text(opened: Open) -> None:
    page = opened("hostile", "#filter=script")
    assert "<script>alert(1)</script>" in page.locator("#operators").inner_text()
    page.locator("#plot .bubble").first.dispatch_event("pointermove", {"clientX": 9, "clientY": 9})
    assert count(page, "script") == 3
    assert count(page, "#tip b b, #operators b, #tree b") == 0


@pytest.mark.parametrize(("name", "scheme"), [("training", "light"), ("measured", "dark")])
def test_nothing_stands_in_a_screen_readers_way(opened: Open, name: str, scheme: str) -> None:
    axe = pytest.importorskip("axe_core_python.sync_playwright", reason="needs axe-core-python").Axe()
    page = opened(name, "#chosen=operator.0.1&group=kind", color_scheme=scheme, bypass_csp=True)
    found = [item for item in axe.run(page)["violations"] if item["impact"] in ("serious", "critical")]
    assert [(item["id"], item["nodes"][0]["html"]) for item in found] == []
