"""What a measured device ran when: pointed at, chosen, zoomed, by pointer and by keys."""

from __future__ import annotations

from typing import Any

from memprof.report.digest import digests
from tests.reports.page.conftest import PAGES, RUNS, Open

SPAN = 2e-3 * (RUNS - 1) + 1e-3


def canvas(page: Any) -> dict[str, float]:
    page.locator("[data-timeline]").scroll_into_view_if_needed()
    box: dict[str, float] = page.locator("[data-timeline] canvas").bounding_box()
    return box


def at(page: Any, place: int, lane: int) -> tuple[float, float]:
    """Return where the middle of a run lies: lanes are 26 pixels high below one of gaps of 22."""
    box = canvas(page)
    return box["x"] + box["width"] * (2e-3 * place + 0.5e-3) / SPAN, box["y"] + 22 + 26 * lane + 12


def test_a_kernel_tells_itself_and_is_chosen_with_its_operator(opened: Open) -> None:
    page = opened("measured")
    (digest,) = digests(PAGES["measured"]())
    page.mouse.move(*at(page, 4, 0))
    told = page.locator("#tip").inner_text()
    row = digest.report.operators[4]
    for part in ("kernel_a", "1.00 ms", "from 8.00 ms, stream 7", row.module.rpartition(".")[2], row.kind):
        assert part in told
    page.mouse.click(*at(page, 5, 1))
    row = digest.report.operators[5]
    key = page.evaluate("new Promise((done) => setTimeout(() => done(location.hash), 50))")
    place = next(number for number, group in enumerate(digest.operators) if any(one is row for one in group.rows))
    assert key == f"#chosen=operator.0.{place}"
    assert page.locator("#operators tr.chosen").count() == 1
    assert "3 later ones are left out" in page.locator("[data-timeline]").inner_text()


def test_gaps_tell_their_reasons(opened: Open) -> None:
    page = opened("measured")
    (digest,) = digests(PAGES["measured"]())
    assert digest.device_time is not None
    gap = digest.device_time.gaps[0]
    box = canvas(page)
    page.mouse.move(box["x"] + box["width"] * (gap.start_seconds + gap.seconds / 2) / SPAN, box["y"] + 6)
    told = page.locator("#tip").inner_text()
    assert "idle for 3.90 ms" in told
    assert "not launched yet" in told
    assert gap.after in told


def test_it_zooms_and_keeps_that_in_the_address(opened: Open) -> None:
    page = opened("measured", "#time=0.25,0.5")
    box = canvas(page)
    shown = (24.5e-3 / SPAN - 0.25) / 0.25  # a run from 24 to 25 ms, in the quarter that is shown
    page.mouse.move(box["x"] + box["width"] * shown, box["y"] + 34)
    assert "from 24.0 ms, stream 7" in page.locator("#tip").inner_text()
    page.locator("[data-timeline] canvas").focus()
    page.keyboard.press("ArrowRight")
    assert "kernel_a" in page.locator("[data-timeline] [role=status]").inner_text()
    page.keyboard.press("Enter")
    assert page.locator("#chosen").is_visible()
    page.keyboard.press("0")
    left = page.evaluate("new Promise((done) => setTimeout(() => done(location.hash), 400))")
    assert "time=" not in left
    page.locator("[data-timeline] button").first.click()
    zoomed = page.evaluate("new Promise((done) => setTimeout(() => done(location.hash), 400))")
    assert "time=0.25,0.75" in zoomed
