"""A small document of every kind, by the name of its schema, some of whose names would run if they were not text."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from memprof.comparisons.alignment import Alignment, align
from memprof.comparisons.changes import compare_traces
from memprof.reports.history import History
from memprof.whatif.gallery import SCHEMA, Gallery, exhibit
from memprof.whatif.story import tell
from tests.comparisons import test_alignment, test_changes
from tests.frontier import sample as frontiers
from tests.papers import sample as papers
from tests.reports.ablate.test_ablate import ablation, swept
from tests.reports.batches.test_batches import EVIL as EVIL_BATCHES
from tests.reports.compare.test_compare import RECORDS
from tests.reports.explain.test_explain import difference, own, pair
from tests.reports.history.test_history import FOUND, SECONDS
from tests.reports.validation import test_trace_validation
from tests.reports.validation.test_validation import validation
from tests.validation.test_kernels import CONVOLUTION, convolution

EVIL = "<img src=x onerror=alert(1)>"


def _alignment() -> Alignment:
    theirs = test_alignment.report_of(
        test_alignment.named("add_", test_alignment.CONV, calls=4, measured_seconds=6.0),
        measured=test_alignment.MEASURED,
    )
    return align(theirs, test_alignment.report_of(test_alignment.named("add", test_alignment.CONV, seconds=2.0)))


def _gallery() -> Gallery:
    ours, theirs = pair("a")
    report = replace(ours, totals=replace(ours.totals, images_per_second=9.0))
    items = (replace(exhibit(report, "resnet18", "a.html"), model=EVIL),)
    names = ("batch size", "layout", "host")
    settings = dict.fromkeys(names, EVIL)
    return Gallery(SCHEMA, settings, items, tell([ours], [theirs], {3: theirs, 7: ours}))


def _kernels() -> Any:
    from memprof.validation.kernels import validate_kernels
    from tests.validation.files import table

    return validate_kernels(table(convolution(), convolution(), columns=CONVOLUTION))


DOCUMENTS: dict[str, Callable[[], Any]] = {
    "memprof.ablation": ablation,
    "memprof.alignment": lambda: replace(_alignment(), model=EVIL),
    "memprof.batches": lambda: EVIL_BATCHES,
    "memprof.comparison": lambda: RECORDS["evil"],
    "memprof.explanation": lambda: difference(EVIL),
    "memprof.frontier": lambda: frontiers.sample(EVIL),
    "memprof.gallery": _gallery,
    "memprof.history": lambda: History(FOUND, SECONDS),
    "memprof.kernel-validation": _kernels,
    "memprof.losses": lambda: own(EVIL),
    "memprof.reproduction": lambda: papers.sample(label=EVIL),
    "memprof.sweep": swept,
    "memprof.trace-difference": lambda: compare_traces(
        replace(test_changes.FIRST, workload=replace(test_changes.FIRST.workload, model=EVIL)), test_changes.SECOND
    ),
    "memprof.trace-validation": test_trace_validation.validation,
    "memprof.validation": lambda: validation(source=EVIL),
}
