"""The tables of a report as text cells, the same in every format; each writer only lays them out."""

from __future__ import annotations

from collections.abc import Sequence

from memprof import units, words
from memprof.findings import phrases
from memprof.report.digest import Digest
from memprof.report.groups import Group
from memprof.reports.parts import cells
from memprof.reports.parts.cells import Cell, of_groups
from memprof.reports.parts.tables import Column, Table
from memprof.reports.report import facts
from memprof.vocabulary import AMD, CPU, MEMORY_LEVELS, UNBOUND

_ENGINES = {CPU: "units", AMD: "cores or units"}
RIDGE_NOTE = (
    "Right: the FLOP per byte that an operator needs to keep these cores busy (the ridge point). One that does less "
    "waits for its data."
)


_LOST_NOTE = (
    "Of roof: the least possible time over the measured one. Lost: measured less least. What binds is what the model "
    "says."
)


def bound_note(digest: Digest) -> str:
    """Explain the words of the column "bound by", and of a measured report those of what is lost."""
    note = cells.bound_note([digest.device.family])
    return f"{_LOST_NOTE} {note}" if digest.is_measured else note


def ridge_note(digest: Digest) -> str:
    """Explain the figures at the right of the table of ceilings."""
    return RIDGE_NOTE.replace("cores", _ENGINES.get(digest.device.family, "cores"))


def ceilings(digest: Digest) -> Table:
    """Return each memory level's bandwidth, and the FLOP per byte that an operator needs to be bound by arithmetic."""
    shown = digest.shown_engines
    peaks = [digest.device.peak_flops_per_second[engine] for engine in shown]
    headers = [
        f"{phrases.engine(digest, engine)}, {units.flops_per_second(peak)}"
        for engine, peak in zip(shown, peaks, strict=True)
    ]
    rows = []
    for level in MEMORY_LEVELS:
        bandwidth = digest.device.memory_bytes_per_second.get(level)
        ridges = [phrases.ridge_point(digest, level, engine) for engine in shown]
        speed = units.bytes_per_second(bandwidth) if bandwidth else "not known"
        rows.append((words.level(level), speed, *(units.intensity(ridge) for ridge in ridges)))
    columns = (Column("Memory", number=False), Column("bandwidth"), *(Column(header) for header in headers))
    return Table("Ceilings", columns, tuple(rows))


def kinds(digest: Digest, *, least: bool = True, roof: bool = True) -> Table:
    """Return the table by kind: share of FLOPs against share of time; `least` adds least possible times.

    Of a measured report, `roof` adds what of its roof each kind reaches, and `least` the time that it loses.
    """
    losses: list[tuple[Column, Cell]] = [(Column("of roof"), cells.roof_share)] if roof else []
    losses += [(Column("lost ms"), cells.lost_milliseconds)] if least else []
    columns: list[tuple[Column, Cell]] = [
        (Column("Kind", number=False), lambda row: row.name),
        (Column("FLOPs"), cells.flops_share),
        (Column("time"), cells.time_share),
        (Column("ms"), cells.milliseconds),
        *([(Column("least ms"), cells.least_milliseconds)] if least else []),
        *(losses if digest.is_measured else []),
        (Column("bound by", number=False), lambda row: cells.bounds(row, digest.device.family)),
    ]
    return of_groups("By kind of operator", columns, digest.kinds)


def side_by_side(digests: Sequence[Digest]) -> Table:
    """Return totals, time by kind and by bound, measured or else predicted, one column for each report."""
    known = [{fact.name: fact.value for fact in facts.totals(digest)} for digest in digests]
    names = dict.fromkeys(name for own in sorted(known, key=len, reverse=True) for name in own)
    rows = [(name, *(own.get(name, "–") for own in known)) for name in names]
    sections = {len(rows)}
    for named, ways in (
        (str, [digest.kinds for digest in digests]),
        (lambda code: f"bound by {_bound_in_all(code, digests)}", [digest.bounds for digest in digests]),
    ):
        by_report = [{group.name: group for group in groups} for groups in ways]
        seconds: dict[str, float] = {}
        for groups in by_report:
            for name, group in groups.items():
                seconds[name] = max(seconds.get(name, 0.0), group.time_seconds)
        for name in sorted(seconds, key=seconds.__getitem__, reverse=True):
            rows.append((named(name), *(_time_and_share(groups.get(name)) for groups in by_report)))
        sections.add(len(rows))
    columns = (Column("", number=False), *(Column(digest.label) for digest in digests))
    return Table("Side by side", columns, tuple(rows), frozenset(sections))


def _time_and_share(group: Group | None) -> str:
    return f"{units.seconds(group.time_seconds)} {units.share(group.time_share):>6}" if group else "–"


def _bound_in_all(code: str, digests: Sequence[Digest]) -> str:
    """Return a bound's name, by each kind of device that there is: "CUDA or vector"."""
    if code == UNBOUND:
        return words.bound(code)
    names = dict.fromkeys(words.short_bound(code, digest.device.family) for digest in digests)
    return " or ".join(names)
