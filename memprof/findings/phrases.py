"""What sentences about a report share: shares of its time, and why a group of operators takes the time it takes."""

from __future__ import annotations

from memprof import units, words
from memprof.report import groups
from memprof.report.groups import Group
from memprof.report.record import Report
from memprof.vocabulary import MEMORY_LEVELS


def of_time(report: Report, share: float) -> str:
    """Say a share of the time: "41 % of the predicted time"."""
    return f"{units.share(share)} of the {groups.time_name(report)}"


def bound(report: Report, group: Group) -> str:
    """Return what bounds a group, by the words for the report's device: "L1 bandwidth"."""
    return words.bound(group.bound, report.device.kind)


def binds(report: Report, group: Group) -> str:
    """Say what bounds a group: "L1 bandwidth binds"."""
    return words.binds(group.bound, report.device.kind)


def engine(report: Report, code: str) -> str:
    """Return what an engine of the report's device is called: "tensor cores"."""
    return words.engine(code, report.device.kind)


def bound_seconds(report: Report, group: Group) -> float:
    """Return the time of those operators of a group whose bound is the group's."""
    return sum(groups.took(report, row) for row in group.rows if row.bound == group.bound)


def ridge_point(report: Report, level: str, engine: str) -> float | None:
    """Return the FLOP per byte at which `engine` keeps up with memory `level`; None where a ceiling is unknown."""
    peak = report.device.peak_flops_per_second.get(engine)
    bandwidth = report.device.memory_bytes_per_second.get(level)
    return peak / bandwidth if peak and bandwidth else None


def why(report: Report, group: Group) -> str:
    """Say which bound takes most of a group's time and how far its intensity lies below the ridge point."""
    mostly = "mostly " if bound_seconds(report, group) < 0.95 * group.time_seconds else ""
    said = f"{mostly}{binds(report, group)}"
    if group.bound not in MEMORY_LEVELS:
        return said
    intensity, ridge = group.intensity(group.bound), ridge_point(report, group.bound, group.engine)
    if intensity is None or ridge is None or intensity >= ridge:
        return said
    return (
        f"{units.intensity(intensity)} FLOP per {words.level(group.bound)} byte, where the "
        f"{engine(report, group.engine)} need {units.intensity(ridge)} to be busy, so {said}, not arithmetic"
    )


def sentence_case(text: str) -> str:
    """Begin with a capital letter."""
    return text[:1].upper() + text[1:]
