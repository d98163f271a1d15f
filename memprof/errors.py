"""The errors memprof raises on purpose: what was wrong, with which input, and what to do next."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class MemprofError(Exception):
    """Something a user can put right; the command line prints it in one line and exits with code 2.

    `what` says what was wrong with which input, `remedy` what to do next.
    """

    def __init__(self, what: str, remedy: str = "") -> None:
        super().__init__(f"{what}; {remedy}" if remedy else what)
        self.what = what
        self.remedy = remedy


class WorkloadError(MemprofError):
    """A batch size, resolution, phase, precision or layout that cannot be analysed."""


class ModelError(MemprofError):
    """A model that is unknown, cannot be built, or does not run on the meta device."""


class DeviceError(MemprofError):
    """A device that is unknown, malformed, or lacks a figure that was asked for."""


class ReportError(MemprofError):
    """A report file that is truncated, malformed or of a schema this version cannot read."""


class TraceError(MemprofError):
    """A trace that cannot be read, or lacks what was asked of it."""


class CountersError(MemprofError):
    """A file of hardware counters that cannot be read, or belongs to another run."""


class GateError(MemprofError):
    """A gate that cannot decide: its baseline, configuration or history is missing, damaged or of something else."""


class SweepError(MemprofError):
    """A sweep that cannot begin or go on: its file, its folder, its workers, or a question to its results."""


class OutputError(MemprofError):
    """An output that cannot be written."""


def nearest(name: str, known: Iterable[str], count: int = 5) -> list[str]:
    """Return the `count` known names that look most like `name`, best first."""
    originals = {candidate.lower(): candidate for candidate in sorted(known)}
    return [originals[match] for match in difflib.get_close_matches(name.lower(), originals, n=count, cutoff=0.4)]


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Say which valid names are nearest to `name`, as a remedy for an error."""
    names = sorted(known)
    close = nearest(name, names)
    return f"did you mean {', '.join(close)}?" if close else f"valid names: {', '.join(names)}"
