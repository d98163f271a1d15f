"""memprof measure --suite: a fixed set of kernels and networks, timed here, in files that validation reads."""

from __future__ import annotations

from pathlib import Path

from memprof.errors import WorkloadError

FORMATS = ("networks", "kernels", "json")
SHORTEST, LONGEST = 0.05, 120.0
"""Minutes that a suite may take."""


def measure_suite(device: str, minutes: float, output: Path, *, as_json: bool) -> None:
    """Time the suite on the device and write its files; WorkloadError for minutes that make no sense."""
    from memprof.commands.output import Result, deliver, redirect_output
    from memprof.commands.processes import counted
    from memprof.files import check_writable
    from memprof.reports.suite import WRITERS

    if not SHORTEST <= minutes <= LONGEST:
        raise WorkloadError(f"{minutes:g} minutes are no time for the suite", f"give {SHORTEST} to {LONGEST:g}")
    if not as_json:
        check_writable(output)
    from memprof.suite.whole import run_suite

    with counted(f"timing kernels and networks on the {device}") as progress, redirect_output():
        suite = run_suite(device, minutes, progress)
    deliver([Result(suite, WRITERS, FORMATS)], output, as_json=as_json)
