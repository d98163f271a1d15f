"""The page of a sweep: time of a step against one option, what its depthwise convolutions take, and what binds them."""

from __future__ import annotations

from memprof import units, words
from memprof.reports.charts.records import Axis, Mark, Plot, Series
from memprof.reports.compare.tables import rate
from memprof.reports.page import colors, common
from memprof.reports.page.document import Cell, Column, Grid, Page, Row, Section
from memprof.reports.page.first import Figure
from memprof.reports.page.write import write
from memprof.reports.sweep import tables
from memprof.reports.writer import RenderOptions
from memprof.vocabulary import Kind
from memprof.whatif.sweep import Point, Sweep

EXTENSION = "html"


def render(sweep: Sweep, options: RenderOptions) -> bytes:
    """Return the page in UTF-8."""
    return write(page(sweep))


def page(sweep: Sweep) -> Page:
    """Return what the page says and shows."""
    phases = sweep.phases()
    last = sweep.of(phases[-1])
    run = f"batch {sweep.batch_size}, {sweep.resolution} px, {sweep.precision}"
    return Page(
        window=tables.title(sweep),
        verdict=sweep.sentences[0] if sweep.sentences else tables.title(sweep),
        figures=common.figures(*(_growth(sweep, phase) for phase in phases), _depthwise(sweep, last[-1])),
        line=tables.subtitle(sweep),
        assumed=common.assumed(
            (
                *common.run_facts(sweep.device_title, sweep.host, sweep.stack),
                ("Workload", run, f"at every {sweep.option}"),
            )
        ),
        sections=(
            Section(
                "steps",
                "Steps",
                f"Time of a step by {sweep.option}",
                sweep.sentences[1:],
                tuple(_plot(sweep, phase) for phase in phases),
                (_grid(sweep),),
                tables.notes(sweep),
            ),
        ),
        words=common.words([sweep.device_family]),
        json=sweep.to_json(),
    )


def _growth(sweep: Sweep, phase: str) -> Figure | None:
    first, last = sweep.of(phase)[0], sweep.of(phase)[-1]
    if not first.seconds:
        return None
    remark = (
        f"{units.seconds(first.seconds)} at {first.value}, {units.seconds(last.seconds)} at {last.value}; predicted"
    )
    return Figure(f"{words.phase(phase).capitalize()} takes", units.ratio(last.seconds / first.seconds), remark)


def _depthwise(sweep: Sweep, point: Point) -> Figure | None:
    if not point.depthwise_bound or not point.seconds:
        return None
    share = point.depthwise_seconds / point.seconds
    bound = words.short_bound(point.depthwise_bound, sweep.device_family)
    remark = f"of the step at {sweep.option} {point.value}, mostly bound by {bound}"
    color = colors.kind_class(Kind.DEPTHWISE)
    return Figure("Depthwise convolutions take", units.share(share), remark, min(1.0, share), color)


def _plot(sweep: Sweep, phase: str) -> Plot:
    points = sweep.of(phase)
    lines = [
        ("predicted step", colors.series_class(0), [point.seconds for point in points], False),
        ("depthwise convolutions", colors.kind_class(Kind.DEPTHWISE), [p.depthwise_seconds for p in points], False),
        ("least possible step", colors.PALE, [point.roofline_seconds for point in points], True),
    ]
    series = [
        Series(
            name,
            color,
            tuple(_mark(sweep, point, name, value) for point, value in zip(points, values, strict=True)),
            line=True,
            dashed=dashed,
        )
        for name, color, values, dashed in lines
    ]
    published = tuple(
        _mark(sweep, point, "published step", point.published_seconds) for point in points if point.published_seconds
    )
    series += [Series("published step", colors.series_class(3), published)] if published else []
    ticks = tuple((point.number, point.value) for point in points) if len(points) <= _MOST_TICKS else ()
    return Plot(
        f"Time of a step in {words.phase(phase)} by {sweep.option}, with the part of depthwise convolutions",
        Axis(sweep.option, ticks=ticks),
        Axis("ms a step", low=0.0),
        tuple(series),
        title=words.phase(phase).capitalize(),
        small=True,
    )


_MOST_TICKS = 12


def _mark(sweep: Sweep, point: Point, name: str, seconds: float) -> Mark:
    told = f"{name}: {units.seconds(seconds)}", f"{rate(point.images_per_second)} images/s predicted"
    return Mark(point.number, 1e3 * seconds, f"{sweep.option} {point.value}, {point.phase}", told, _key(point))


def _key(point: Point) -> str:
    return f"{point.phase} {point.value}"


def _grid(sweep: Sweep) -> Grid:
    columns = (
        Column(sweep.option, number=False),
        Column("phase", number=False, facet=True),
        Column("predicted\nms", "Predicted time of a step."),
        Column("least\nms", "The least time that the device's ceilings allow.", main=False),
        Column("\nimages/s", "Predicted throughput.", main=False),
        Column("published\nms", "What was published of just this network.", main=False),
        Column("depthwise\nms", "The part of depthwise convolutions."),
        Column("of the\nstep", "Their share."),
        Column("mostly\nbound by", "What sets most of their time.", number=False, main=False),
        Column("MACs per\nimage", "Multiply-adds of one image's forward pass.", extra=True),
        Column("\nlayout", "The faster of both.", number=False, extra=True),
    )
    return Grid("Steps", columns, tuple(Row(_cells(sweep, point), _key(point)) for point in sweep.points))


def _cells(sweep: Sweep, point: Point) -> tuple[Cell | str, ...]:
    share = point.depthwise_seconds / point.seconds if point.seconds else 0.0
    bound = words.short_bound(point.depthwise_bound, sweep.device_family) if point.depthwise_bound else common.ABSENT
    return (
        Cell(point.value, point.number),
        point.phase,
        common.milliseconds(point.seconds),
        common.milliseconds(point.roofline_seconds),
        Cell(rate(point.images_per_second), point.images_per_second),
        common.milliseconds(point.published_seconds) if point.published_seconds else Cell(""),
        common.milliseconds(point.depthwise_seconds),
        common.part(share, colors.kind_class(Kind.DEPTHWISE)),
        bound,
        Cell(units.count(point.macs_per_image), point.macs_per_image),
        point.layout,
    )
