"""The table of the most expensive operators, modules, kinds, phases or shapes; of a measured report by time lost."""

from __future__ import annotations

import math

from memprof import units, words
from memprof.report.digest import Digest
from memprof.report.groups import Group, module_pattern
from memprof.reports.parts import cells
from memprof.reports.parts.cells import ABOVE_MARK, INFERRED_MARK, MARKED, Cell, marked, of_groups
from memprof.reports.parts.tables import Column, Table
from memprof.reports.writer import RenderOptions
from memprof.vocabulary import UNBOUND

_MOST_SAID = 3


def top(digest: Digest, options: RenderOptions, *, wide: bool = True) -> Table:
    """Return the table of the most expensive groups, of a measured report of those that lose most time.

    `options.by` says what is grouped; `wide` adds shapes and more figures.
    """
    groups = digest.costliest(options.by)
    columns: list[tuple[Column, Cell]] = [
        (Column(options.by.capitalize(), number=False, path=True), lambda row: marked(row.name, row, options.by))
    ]
    if options.by == "operator":
        columns = _operator_cells(digest, wide)
    columns += _loss_cells(digest, options.by, wide) if digest.is_measured else _time_cells(digest, wide)
    shown = groups[: options.top]
    title = _top_title(options.by, len(shown), len(groups), measured=digest.is_measured)
    return of_groups(title, columns, shown)


def _time_cells(digest: Digest, wide: bool) -> list[tuple[Column, Cell]]:
    columns: list[tuple[Column, Cell]] = [_calls(), (Column("FLOPs"), cells.flops_share)]
    columns += [(Column("time"), cells.time_share), (Column("ms"), cells.milliseconds)]
    if wide:
        columns += [(Column("least ms"), cells.least_milliseconds), (Column("FLOP/byte"), cells.intensity)]
    return [*columns, (Column("bound by", number=False), _bounds_of(digest))]


def _loss_cells(digest: Digest, by: str, wide: bool) -> list[tuple[Column, Cell]]:
    """Return the columns that hold measured time against least, and in a wide table against predicted time."""
    losses: list[tuple[Column, Cell]] = [
        (Column("least\nms"), cells.least_milliseconds),
        (Column("of\nroof"), cells.roof_share),
        (Column("lost\nms"), cells.lost_milliseconds),
    ]
    if not wide:
        calls = [] if by == "operator" and digest.has_modules else [_calls()]
        return [
            *calls,
            (Column("took\nms"), cells.milliseconds),
            *losses,
            (Column("bound\nby", number=False), _bound_of(digest)),
        ]
    columns: list[tuple[Column, Cell]] = [_calls(), (Column("measured\nms"), cells.milliseconds)]
    if digest.predicts:
        columns.append((Column("predicted\nms"), lambda row: units.milliseconds(row.seconds) if row.seconds else "–"))
    return [*columns, *losses, (Column("bound\nby", number=False), _bounds_of(digest))]


def _calls() -> tuple[Column, Cell]:
    return Column("calls"), lambda row: units.count(row.calls)


def _bound_of(digest: Digest) -> Cell:
    return lambda row: words.short_bound(row.bound, digest.device.family)


def _bounds_of(digest: Digest) -> Cell:
    return lambda row: cells.bounds(row, digest.device.family)


def _operator_cells(digest: Digest, wide: bool) -> list[tuple[Column, Cell]]:
    several_phases = len(digest.phases) > 1
    shows_phase = several_phases and (digest.is_measured or not wide)  # by the phase's own column

    def name(row: Group) -> str:
        text = words.operator(row.rows[0].name, row.kind)
        return marked(words.drop_phase(text) if shows_phase else text, row)

    columns: list[tuple[Column, Cell]] = [(Column("Operator", number=False, path=True), name)]
    if digest.has_modules:
        columns.append((Column("module", number=False, path=True), lambda row: module_pattern(row.rows)))
    if several_phases:
        columns.append((Column("", number=False), lambda row: words.short_phase(row.rows[0].phase)))
    if wide or not digest.has_modules:
        columns.append((Column("input", number=False), _largest_shape))
    return columns


def notes(digest: Digest, options: RenderOptions) -> tuple[str, ...]:
    """Explain the marks in the table of `top`; empty where it has none."""
    shown = digest.costliest(options.by)[: options.top]
    inferred = list(dict.fromkeys(row.inferred for group in shown for row in group.rows if row.inferred))
    lines = []
    if inferred and options.by in MARKED:
        more = "; …" if len(inferred) > _MOST_SAID else ""
        listed = "; ".join(inferred[:_MOST_SAID]) + more
        lines.append(f"{INFERRED_MARK} inferred, as the profile did not record it: {listed}.")
    if any(group.is_above_roof for group in shown):
        lines.append(f"{ABOVE_MARK} faster than its roof allows: a finding to explain, see above.")
    if any(group.bound == UNBOUND for group in shown):
        lines.append("– no ceiling is known for it: all of its time may be lost.")
    return tuple(lines)


def _top_title(by: str, shown: int, known: int, *, measured: bool) -> str:
    if known == 1 and measured:
        return f"The one {by}"
    plural = f"{by}s"
    if shown == known:
        return f"All {shown} {plural} by {'time lost' if measured else 'time'}"
    if measured:
        return f"The {shown} of {known} {plural} that lose most time"
    return f"The {shown} most expensive of {known} {plural}"


def _largest_shape(group: Group) -> str:
    """Return the shape of the largest input."""
    shapes = group.rows[0].input_shapes
    return units.shape(max(shapes, key=math.prod)) if shapes else ""
