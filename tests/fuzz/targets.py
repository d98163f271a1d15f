"""What is fuzzed: each target takes a file of any content, and lets no exception out but those that are bugs."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from memprof.analysis.traced import analyze_trace
from memprof.devices import get
from memprof.errors import MemprofError
from memprof.files import read_reports
from memprof.report.reading import dump_reports, load_reports
from memprof.traces.reading import read_trace
from memprof.traces.selection import select

CORPUS = Path(__file__).parent / "corpus"
_LARGEST_BYTES = 1 << 20


def read_any_trace(path: Path) -> None:
    """Read a trace, select half of it and make a report of each; the report must read back."""
    with suppress(MemprofError):
        trace = read_trace(path, largest_bytes=_LARGEST_BYTES)
        half = (trace.end_ns - trace.start_ns) / 2e9
        for part in (trace, select(trace, end_seconds=half)):
            load_reports(dump_reports([analyze_trace(part, device=get("v100-sxm2-32gb"))]))


def read_any_report(path: Path) -> None:
    """Read a report and write it again."""
    with suppress(MemprofError):
        load_reports(dump_reports(read_reports(path)))


TARGETS: dict[str, Callable[[Path], None]] = {"trace": read_any_trace, "report": read_any_report}
"""By the folder of the corpus that holds its files."""
