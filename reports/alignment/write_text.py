"""A trace beside a simulation, and the ranks of a run, as text for a terminal."""

from __future__ import annotations

import math
from collections.abc import Sequence

from memprof import units, words
from memprof.comparisons.alignment import Aligned, Alignment
from memprof.comparisons.ranks import Rank, spreads
from memprof.reports.parts import typeset
from memprof.reports.parts.tables import Column, Table
from memprof.reports.writer import RenderOptions

_WIDE = 110


def alignment(found: Alignment, options: RenderOptions) -> str:
    """Return the operators of both, `options.top` of them, measured and predicted time and their ratio."""
    console = typeset.start(options.width, color=options.color)
    typeset.section(console, f"Measured beside the simulation of {found.model}, per step")
    typeset.sentences(console, [_headline(found), _matched(found)])
    typeset.table(console, _aligned(found, options.top, wide=options.width >= _WIDE))
    if len(found.rows) > options.top:
        typeset.note(console, f"{len(found.rows) - options.top} more are in alignment.csv; --top shows more.")
    return typeset.printed(console)


def ranks(found: Sequence[Rank], options: RenderOptions) -> str:
    """Return a table of the ranks and how far they lie apart."""
    console = typeset.start(options.width, color=options.color)
    typeset.section(console, "By rank, ms per step")
    headers = ("span", "kernels", "communication", "exposed", "idle")
    rows = [
        (
            str(rank.rank) if rank.rank is not None else "–",
            rank.origin,
            str(rank.steps),
            *(
                units.milliseconds(seconds / rank.steps)
                for seconds in (
                    rank.span_seconds,
                    rank.kernel_seconds,
                    rank.communication_seconds,
                    rank.exposed_communication_seconds,
                    rank.idle_seconds,
                )
            ),
        )
        for rank in found
    ]
    columns = (Column("rank"), Column("file", number=False), Column("steps"), *map(Column, headers))
    typeset.table(console, Table("Ranks", columns, tuple(rows)))
    typeset.section(console, "How far the ranks lie apart, ms per step")
    apart = [
        (
            item.name,
            *(units.milliseconds(value) for value in (item.least, item.median, item.most)),
            units.ratio(item.most / item.least) if item.least else "–",
            found[item.slowest].origin,
        )
        for item in spreads(found)
    ]
    columns = (
        Column("", number=False),
        Column("least"),
        Column("median"),
        Column("most"),
        Column("most / least"),
        Column("most on", number=False),
    )
    typeset.table(console, Table("Spread", columns, tuple(apart)))
    typeset.note(console, "Exposed: communication that nothing else ran beside. Idle: the device ran nothing.")
    return typeset.printed(console)


def _headline(found: Alignment) -> str:
    ratio = found.measured_seconds / found.predicted_seconds if found.predicted_seconds else math.inf
    measured, predicted = units.seconds(found.measured_seconds), units.seconds(found.predicted_seconds)
    least = f"at least {units.seconds(found.roofline_seconds)} on {found.device_name}"
    return f"Measured {measured} of kernels, predicted {predicted} (ratio {ratio:.2f}), {least}."


def _matched(found: Alignment) -> str:
    return f"{units.share(found.matched_share)} of the measured time is of calls that the simulation has too."


def _aligned(found: Alignment, top: int, *, wide: bool) -> Table:
    columns = [
        Column("Operator", number=False),
        Column("", number=False),
        Column("shapes", number=False),
        Column("calls"),
        *([Column("simulated")] if wide else []),
        Column("measured ms"),
        Column("predicted"),
        Column("ratio"),
    ]
    rows = [_cells(row, wide=wide) for row in found.rows[:top]]
    return Table("Alignment", tuple(columns), tuple(rows))


def _cells(row: Aligned, *, wide: bool) -> tuple[str, ...]:
    shapes = row.shapes if wide else row.shapes[-1:]
    return (
        row.operator,
        words.short_phase(row.phase),
        units.shapes(shapes),
        f"{row.measured_calls:g}",
        *([f"{row.simulated_calls:g}"] if wide else []),
        units.milliseconds(row.measured_seconds) if row.measured_seconds is not None else "–",
        units.milliseconds(row.predicted_seconds) if row.predicted_seconds is not None else "–",
        f"{row.ratio:.2f}" if row.ratio is not None else "–",
    )
