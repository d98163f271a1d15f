"""The page of an alignment: measured beside predicted time of every kind of call, in a plane and in a table."""

from __future__ import annotations

import math

from memprof import units, words
from memprof.comparisons.alignment import Aligned, Alignment
from memprof.reports.charts.records import Axis, Guide, Mark, Plot, Series
from memprof.reports.page import colors, common
from memprof.reports.page.document import Cell, Column, Grid, Page, Row, Section
from memprof.reports.page.first import Figure
from memprof.reports.page.write import write
from memprof.reports.writer import RenderOptions

EXTENSION = "html"
_MOST_NAMES = 6


def render(alignment: Alignment, options: RenderOptions) -> bytes:
    """Return the page in UTF-8."""
    return write(page(alignment))


def page(alignment: Alignment) -> Page:
    """Return what the page says and shows."""
    measured, predicted = alignment.measured_seconds, alignment.predicted_seconds
    least = alignment.roofline_seconds
    steps = f"{alignment.steps} step{'s' * (alignment.steps != 1)}"
    verdict = (
        f"A step of {alignment.model} was measured to take {units.seconds(measured)} of kernels; "
        f"{units.seconds(predicted)} are predicted, at least {units.seconds(least)} are needed."
    )
    return Page(
        window=f"{alignment.model}: measured beside the simulation",
        verdict=verdict,
        figures=common.figures(
            Figure("Measured over predicted", f"{measured / predicted:.2f}", "of a step's kernels")
            if predicted
            else None,
            _roof(alignment),
            Figure(
                "Lined up",
                units.share(alignment.matched_share),
                "of the measured time is of calls that the simulation has too",
                min(1.0, alignment.matched_share),
                colors.LESS,
            ),
        ),
        line=f"{', '.join(alignment.origin)}, on {alignment.device_name}",
        assumed=common.assumed(
            (
                ("Trace", ", ".join(alignment.origin), steps),
                ("Device", alignment.device_name, "what ran it, and what is predicted"),
                ("Model", alignment.model, "simulated with the trace's batch, phase, precision and layout"),
            )
        ),
        sections=(
            Section(
                "plot", "Plot", "Measured against predicted, kind of call by kind of call", charts=_plots(alignment)
            ),
            Section("calls", "Calls", "Every kind of call", tables=(_grid(alignment),)),
        ),
        words=(common.PREDICTED, ("Ratio", "Measured / predicted.")),
        json=alignment.to_json(),
    )


def _roof(alignment: Alignment) -> Figure | None:
    measured, least = alignment.measured_seconds, alignment.roofline_seconds
    if not measured or not least:
        return None
    remark = f"{units.seconds(measured)} a step; at least {units.seconds(least)} are needed"
    return Figure(
        "How close to the roof", units.percent(least / measured), remark, min(1.0, least / measured), "roof-share"
    )


def _key(place: int) -> str:
    return f"call {place + 1}"


def _name(row: Aligned) -> str:
    return f"{row.operator}, {words.short_phase(row.phase)}"


def _plots(alignment: Alignment) -> tuple[Plot, ...]:
    both = [(place, row, row.ratio) for place, row in enumerate(alignment.rows)]
    drawn = [(place, row, ratio) for place, row, ratio in both if ratio and row.measured_seconds]
    if not drawn:
        return ()
    furthest = {
        place for place, _, _ in sorted(drawn, key=lambda item: -(item[1].measured_seconds or 0.0))[:_MOST_NAMES]
    }
    phases = dict.fromkeys(row.phase for _, row, _ in drawn)
    values = [1e3 * value for _, row, _ in drawn for value in (row.measured_seconds, row.predicted_seconds) if value]
    low, high = min(values) / 1.15, max(values) * 1.15
    series = tuple(
        Series(
            words.phase(phase) if phase else "",
            colors.series_class(of),
            tuple(
                Mark(
                    1e3 * (row.predicted_seconds or 0.0),
                    1e3 * (row.measured_seconds or 0.0),
                    _name(row),
                    (units.shapes(row.shapes), f"measured / predicted {ratio:.2f}"),
                    _key(place),
                    row.operator if place in furthest else "",
                )
                for place, row, ratio in drawn
                if row.phase == phase
            ),
        )
        for of, phase in enumerate(phases)
    )
    return (
        Plot(
            "Measured against predicted milliseconds of each kind of call",
            Axis("predicted ms a step", low, high, log=True),
            Axis("measured ms a step", low, high, log=True),
            series,
            (Guide(((low, low), (high, high)), "equal", dashed=False),),
            caption="Above the line a call took longer than predicted.",
        ),
    )


def _grid(alignment: Alignment) -> Grid:
    columns = (
        Column("Operator", number=False),
        Column("phase", number=False, facet=True, main=False),
        Column("inputs", number=False, path=True, main=False),
        Column("calls", "In a measured step.", main=False),
        Column("simulated", "Calls in the simulated step.", main=False),
        Column("measured\nms", "What its kernels took in a step."),
        Column("predicted\nms"),
        Column("least\nms", "The least time that the device's ceilings allow.", extra=True),
        Column("ratio", "Measured / predicted; the bar is full at twice or half."),
    )
    rows = tuple(
        Row(
            (
                row.operator,
                words.short_phase(row.phase),
                units.shapes(row.shapes),
                Cell(f"{row.measured_calls:g}", row.measured_calls),
                Cell(f"{row.simulated_calls:g}", row.simulated_calls),
                common.milliseconds(row.measured_seconds),
                common.milliseconds(row.predicted_seconds),
                common.milliseconds(row.roofline_seconds),
                _ratio(row.ratio),
            ),
            _key(place),
        )
        for place, row in enumerate(alignment.rows)
    )
    return Grid("", columns, rows)


def _ratio(ratio: float | None) -> Cell:
    if not ratio:
        return Cell(common.ABSENT)
    share = min(1.0, abs(math.log2(ratio)))
    return Cell(f"{ratio:.2f}", ratio, share, colors.MORE if ratio > 1 else colors.LESS)
