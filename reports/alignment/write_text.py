"""The text writer of an alignment: what a terminal shows below the report."""

from __future__ import annotations

import math

from memprof import units, words
from memprof.comparisons.alignment import Aligned, Alignment
from memprof.reports.parts import typeset
from memprof.reports.parts.tables import Column, Table
from memprof.reports.writer import RenderOptions

EXTENSION = "txt"
_WIDE = 110


def render(alignment: Alignment, options: RenderOptions) -> bytes:
    """Return text in UTF-8: operators, `options.top` of them, with measured and predicted time and their ratio."""
    console = typeset.start(options.width, color=options.color)
    typeset.section(console, f"Measured beside the simulation of {alignment.model}, per step")
    typeset.sentences(console, [_headline(alignment), _matching(alignment)])
    typeset.table(console, _table(alignment, options.top, wide=options.width >= _WIDE))
    if len(alignment.rows) > options.top:
        typeset.note(console, f"{len(alignment.rows) - options.top} more are in alignment.csv; --top shows more.")
    return typeset.finish(console).encode()


def _headline(alignment: Alignment) -> str:
    ratio = alignment.measured_seconds / alignment.predicted_seconds if alignment.predicted_seconds else math.inf
    measured, predicted = units.seconds(alignment.measured_seconds), units.seconds(alignment.predicted_seconds)
    least = f"at least {units.seconds(alignment.roofline_seconds)} on {alignment.device_name}"
    return f"Measured {measured} of kernels, predicted {predicted} (ratio {ratio:.2f}), {least}."


def _matching(alignment: Alignment) -> str:
    return f"{units.share(alignment.matched_share)} of the measured time is of calls that the simulation has too."


def _table(alignment: Alignment, top: int, *, wide: bool) -> Table:
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
    rows = [_cells(row, wide=wide) for row in alignment.rows[:top]]
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
