"""A browser for the page's tests: Debian's chromium, cut off from the network, driven by Playwright.

One browser serves all tests of a process; they are skipped where there is no chromium or no Playwright.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from memprof import reports
from memprof.report.record import Report
from memprof.report.run import KernelRuns
from memprof.reports import RenderOptions
from memprof.reports.saved import KINDS
from tests.reports.measured_sample import on_cpu, traced
from tests.reports.page.document_sample import sample_page
from tests.reports.sample import incomplete, sample
from tests.reports.saved.samples import DOCUMENTS as SAMPLES

Open = Callable[..., Any]


def _page(name: str) -> bytes:
    return KINDS[name].writers.render(SAMPLES[name](), "html")


RUNS = 40


def with_runs(report: Report) -> Report:
    """Return a measured report whose first operators ran as kernels of 1 ms, every 2 ms, on two streams in turn."""
    assert report.measured is not None
    time = report.measured.device_time
    assert time is not None
    places = range(RUNS)
    runs = KernelRuns(
        ("kernel_a", "kernel_b"),
        tuple(place % 2 for place in places),
        tuple(7 + place % 2 for place in places),
        tuple(2e-3 * place for place in places),
        (1e-3,) * RUNS,
        tuple(places),
        left_out=3,
    )
    return replace(report, measured=replace(report.measured, device_time=replace(time, runs=runs)))


PAGES: dict[str, Callable[[], list[Report]]] = {
    "one": lambda: [sample()],
    "training": lambda: [sample("convnext_t", "train")],
    "two": lambda: [sample("convnext_t"), sample("inceptionnext_t")],
    "measured": lambda: [with_runs(traced())],
    "cpu": lambda: [on_cpu()],
    "hostile": lambda: [incomplete()],
}
DOCUMENTS: dict[str, Callable[[], bytes]] = {
    "document": sample_page,
    **{name: partial(_page, name) for name in SAMPLES},
}
"""Pages of documents that are no reports."""


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    folder = tmp_path_factory.mktemp("pages")

    def file(name: str) -> Path:
        path = folder / f"{name}.html"
        if not path.exists():
            own = DOCUMENTS[name]() if name in DOCUMENTS else None
            path.write_bytes(own or reports.get("html").render(PAGES[name](), RenderOptions()))
        return path

    return file


@pytest.fixture
def opened(browser: Any, files: Callable[[str], Path]) -> Iterator[Open]:
    """Open one of `PAGES` or `DOCUMENTS`, or a file; whatever it logs, or asks the network for, fails the test."""
    contexts, wrong = [], []

    def open_page(name: str | Path, fragment: str = "", *, width: int = 1400, height: int = 900, **options: Any) -> Any:
        options = {"reduced_motion": "reduce", "offline": True, **options}
        context = browser.new_context(viewport={"width": width, "height": height}, **options)
        contexts.append(context)
        page = context.new_page()
        address = (name if isinstance(name, Path) else files(name)).as_uri()
        page.on("console", lambda message: wrong.append(message.text))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("request", lambda request: None if request.url.startswith(address) else wrong.append(request.url))
        page.goto(address + fragment)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert wrong == []
