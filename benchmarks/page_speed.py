"""How long the report page takes to become usable, and to answer, with few and with very many operators.

    python benchmarks/page_speed.py [--chromium /usr/bin/chromium]

Needs Playwright for Python and chromium. Reports are made by hand: as many different operators as said, in a tree of
modules. `size` is the page's, `opens` from the start of loading until every view is drawn. The rest is what one
interaction costs the page's thread, the median of five, by the browser's performance log: scripts + style and layout.
Exits with 1 where opening or scripts exceed their limits. Of a page of more than 1,000 operators a switch of the device
runs a script for each view, one after the other; `device` is all of them together, and held to the limit for each.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

from memprof import reports
from memprof.report.elsewhere import Elsewhere, WhatIf
from memprof.report.record import Coverage, DeviceCeilings, OperatorRow, Report, Totals, Workload

SIZES = (1, 250, 5000)
OPENS, ANSWERS = 3.0, 0.05
"""Limits in seconds, on opening a page and on the scripts of an interaction."""
MANY, VIEWS = 1000, 6
"""Operators beyond which a switch of the device is done in pieces: sums, facets, plot, tree, table, words."""
KINDS = ("convolution", "depthwise convolution", "matmul", "normalization", "elementwise", "layout")
DEVICE = DeviceCeilings(
    "a100", "A100", {"dram": 1.5e12, "l2": 5.4e12, "l1": 19e12}, {"tensor": 156e12, "fp32": 19.5e12}
)
CHANGE = "(box => {{ box.value = box.value ? '' : '{}'; box.dispatchEvent(new Event('{}')) }})({})"
INTERACTIONS = {
    "zoom": "document.getElementById('zoom-in').click()",
    "level": "document.querySelector('#level input:not(:checked)').click()",
    "filter": CHANGE.format("block1", "input", "document.getElementById('filter')"),
    "choose": "document.querySelector('.bubble:not(.chosen)').dispatchEvent(new MouseEvent('click', {bubbles: true}))",
    "device": "(box => { box.value = box.value ? '' : 'slower'; box.dispatchEvent(new Event('change')); })"
    "(document.getElementById('device-choice'))",
    "group": CHANGE.format("kind", "change", "document.getElementById('group')"),
}


def report(size: int) -> Report:
    """Return a report of `size` operators, no two of which are alike."""
    rows = tuple(_row(number) for number in range(size))
    seconds, least = sum(row.seconds for row in rows), sum(row.roofline_seconds for row in rows)
    sums = {name: sum(getattr(row, name) for row in rows) for name in ("flops", "dram_bytes", "l2_bytes", "l1_bytes")}
    totals = Totals(10**7, 1e9, **sums, launches=size, seconds=seconds, images_per_second=128 / seconds,
                    roofline_seconds=least, roofline_images_per_second=128 / least, host_seconds=1e-3)  # fmt: skip
    work = Workload(f"net{size}", 128, 224, "infer", "tf32", "channels-last")
    return Report("memprof.report/3", work, DEVICE, totals, None, rows, Coverage(1.0, 1.0, 0))


def slower(home: Report) -> Elsewhere:
    """Return the report on a device of half the speed."""
    rows = tuple(
        replace(row, seconds=2 * row.seconds, roofline_seconds=2 * row.roofline_seconds) for row in home.operators
    )
    device = replace(home.device, name="slower", title="Half an A100")
    return Elsewhere(replace(home, device=device, operators=rows), tuple(range(len(rows))))


def _row(number: int) -> OperatorRow:
    kind = KINDS[number % len(KINDS)]
    seconds = 1e-3 / (1 + number % 97)
    moved = 1e6 * (1 + number % 83)
    flops = 0.0 if kind == "layout" else moved * (0.1 + number % 211)
    return OperatorRow(
        name="aten::op", kind=kind, module=f"stage{number % 4}.block{number // 40}.layer{number}", phase="forward",
        input_shapes=((128, number + 1, 56, 56),), dtype="float32", calls=1, flops=flops, dram_bytes=moved,
        l2_bytes=2 * moved, l1_bytes=9 * moved, intensity_dram=flops / moved, intensity_l2=flops / moved / 2,
        intensity_l1=flops / moved / 9, engine="fp32", bound=("dram", "l1", "tensor")[number % 3],
        attainable_flops_per_second=2 * flops / seconds, launches=1, seconds=seconds, roofline_seconds=seconds / 2,
    )  # fmt: skip


def spent(session: Any) -> tuple[float, float]:
    """Return the seconds that the page has run scripts, and styled and laid out, by the count of the browser."""
    counts = {item["name"]: item["value"] for item in session.send("Performance.getMetrics")["metrics"]}
    return counts["ScriptDuration"], counts["LayoutDuration"] + counts["RecalcStyleDuration"]


def timed(page: Any, session: Any, code: str) -> tuple[float, float]:
    """Return what an interaction costs: its scripts, and the layout that follows."""
    before = spent(session)
    page.evaluate(f"(() => {{ {code} }})()")
    page.evaluate("new Promise((done) => setTimeout(() => done(document.body.offsetHeight), 60))")
    scripts, layout = (after - start for after, start in zip(spent(session), before, strict=True))
    return scripts, layout


def main() -> None:
    """Measure all sizes and print a table."""
    from playwright.sync_api import sync_playwright

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--chromium", default=shutil.which("chromium"))
    chosen = parser.parse_args()
    writer, late = reports.get("html"), False
    print(
        f"{'operators':>9} {'size MB':>8} {'writes s':>9} {'opens s':>8}",
        *(f"{name + ' ms':>10}" for name in INTERACTIONS),
    )
    with sync_playwright() as driver, tempfile.TemporaryDirectory() as folder:
        browser = driver.chromium.launch(executable_path=chosen.chromium, args=["--no-sandbox"])
        for size in SIZES:
            start = time.perf_counter()
            home = report(size)
            options = reports.RenderOptions(what_if=lambda home=home: WhatIf(((slower(home),),)))
            content = writer.render([home], options)
            writes = time.perf_counter() - start
            path = Path(folder) / "page.html"
            path.write_bytes(content)
            page = browser.new_page(viewport={"width": 1400, "height": 900}, reduced_motion="reduce")
            page.goto(path.as_uri())
            opens = float(page.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd")) / 1e3
            session = page.context.new_cdp_session(page)
            session.send("Performance.enable", {"timeDomain": "threadTicks"})
            costs = [[timed(page, session, code) for _ in range(5)] for code in INTERACTIONS.values()]
            answers = [tuple(median(parts) for parts in zip(*rounds, strict=True)) for rounds in costs]
            limits = [ANSWERS * (VIEWS if name == "device" and size > MANY else 1) for name in INTERACTIONS]
            late |= opens > OPENS or any(cost > most for (cost, _), most in zip(answers, limits, strict=True))
            figures = (f"{scripts * 1e3:6.1f} +{layout * 1e3:4.0f}" for scripts, layout in answers)
            print(f"{size:9,} {len(content) / 1e6:8.2f} {writes:9.2f} {opens:8.2f}", *figures)
            page.close()
        browser.close()
    sys.exit(int(late))


if __name__ == "__main__":
    main()
