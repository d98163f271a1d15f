"""The cells of tables of groups, the same in every format: each is text made of one group."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from memprof import units, words
from memprof.report.groups import Group
from memprof.report.record import OperatorRow
from memprof.reports.parts.tables import Column, Table
from memprof.vocabulary import AMD, CPU, MEMORY_LEVELS, UNBOUND

Cell = Callable[[Group], str]

INFERRED_MARK, ABOVE_MARK = "†", "‡"
MARKED = ("operator", "shape")
"""Groups so small that what was inferred of one member is worth a mark."""
_BOUND_NOTE = (
    "Bound by: what sets the time. DRAM, L2 and L1: the bandwidth of that memory; {engines}; issue: the rate of "
    "instructions; latency: loads that wait for one another; launch: starting kernels; host: waiting for the host to "
    "launch them."
)
_CPU_BOUND_NOTE = (
    "Bound by: what takes longest at best. DRAM, L2 and L1: the bandwidth of that memory; matrix and vector: the "
    "arithmetic of those units."
)
_ENGINE_NOTES = {
    AMD: "matrix and vector: the arithmetic of matrix cores and vector units",
    CPU: "matrix and vector: the arithmetic of those units",
}


def bound_note(families: Iterable[str]) -> str:
    """Explain the words for bounds of devices of these families (`DeviceCeilings.family`)."""
    known = dict.fromkeys(families)
    if tuple(known) == (CPU,):
        return _CPU_BOUND_NOTE
    engines = dict.fromkeys(_ENGINE_NOTES.get(name, "tensor and CUDA: the arithmetic of those cores") for name in known)
    return _BOUND_NOTE.format(engines="; ".join(engines))


def bounds(group: Group, device: str = "") -> str:
    """Return what binds a group, longest first: "L1", or "DRAM, tensor" where a second takes a fifth or more.

    `device` is the family of the device.
    """
    seconds: dict[str, float] = {}
    for row in group.rows:
        seconds[row.bound] = seconds.get(row.bound, 0.0) + _seconds(group, row)
    order = sorted(seconds, key=seconds.__getitem__, reverse=True)
    shown = [code for code in order[:2] if code == order[0] or seconds[code] >= 0.2 * group.time_seconds]
    return ", ".join(words.short_bound(code, device) for code in shown)


def _seconds(group: Group, row: OperatorRow) -> float:
    return row.seconds if group.measured_seconds is None else row.measured_seconds or 0.0


def flops_share(group: Group) -> str:
    """Return the share of the FLOPs."""
    return units.share(group.flops_share)


def time_share(group: Group) -> str:
    """Return the share of the time, measured or else predicted."""
    return units.share(group.time_share)


def milliseconds(group: Group) -> str:
    """Return the time, measured or else predicted, for a column in ms."""
    return units.milliseconds(group.time_seconds)


def least_milliseconds(group: Group) -> str:
    """Return the least possible time for a column in ms; a dash where no ceiling bounds what was measured."""
    none = group.measured_seconds is not None and not group.roofline_seconds
    return "–" if none else units.milliseconds(group.roofline_seconds)


def lost_milliseconds(group: Group) -> str:
    """Return measured minus least time for a column in ms; a dash where no ceiling bounds it."""
    return "–" if group.lost_seconds is None else units.milliseconds(group.lost_seconds)


def roof_share(group: Group) -> str:
    """Return what of its roof was reached; a dash where no ceiling bounds it."""
    return units.percent(group.roof_share)


def marked(name: str, group: Group, by: str = "operator") -> str:
    """Add to a name the marks of what was inferred, and of what is faster than its roof."""
    counts = group.measured_seconds is not None and by in MARKED
    inferred = INFERRED_MARK if counts and any(row.inferred for row in group.rows) else ""
    above = ABOVE_MARK if group.is_above_roof else ""
    return f"{name}{inferred}{above}"


def intensity(group: Group) -> str:
    """Return the intensity at the level that binds, or at DRAM where arithmetic does."""
    return units.intensity(group.intensity(group.bound if group.bound in MEMORY_LEVELS else "dram"))


def bound_name(code: str, device: str = "") -> str:
    """Return what a bound is called in a legend, where "–" for none that is known would say nothing."""
    return "no ceiling" if code == UNBOUND else words.short_bound(code, device)


def of_groups(title: str, columns: Sequence[tuple[Column, Cell]], groups: Sequence[Group]) -> Table:
    """Return a table with a row for each group; each column comes with the function that makes its cells."""
    rows = tuple(tuple(cell(group) for _, cell in columns) for group in groups)
    return Table(title, tuple(column for column, _ in columns), rows)
