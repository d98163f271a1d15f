"""The HTML writer of a frontier: a plot for each device, and all networks in a table that sorts and is searched."""

from __future__ import annotations

from memprof.frontier.front import name_of
from memprof.frontier.records import Candidate, DeviceFront, Frontier
from memprof.reports.charts.records import Axis, Mark, Plot, Series
from memprof.reports.page import colors
from memprof.reports.page.document import Cell, Column, Grid, Page, Row, Section
from memprof.reports.page.first import Figure
from memprof.reports.page.write import write
from memprof.reports.pareto import tables
from memprof.reports.pareto.families import FAMILIES, family
from memprof.reports.parts.tables import Fact
from memprof.reports.writer import RenderOptions

EXTENSION = "html"
_WORDS = (
    ("front", "The networks that no other equals or beats at accuracy and throughput together."),
    ("near the front", "It would be on the front, were it faster by its prediction's own error."),
    ("predicted", "What memprof reckons a step takes on that device; not a measurement."),
)


def render(found: Frontier, options: RenderOptions) -> bytes:
    """Return the page in UTF-8."""
    sections = [_section(place, item) for place, item in enumerate(found.devices)]
    if found.missing:
        sections.append(Section("missing", "Missing", "Without a prediction", tables=(tables.missing(found),)))
    page = Page(
        window=tables.title(found),
        verdict=found.sentences[0],
        figures=tuple(_figure(item) for item in found.devices[:3]),
        line=tables.subtitle(found),
        assumed=tuple(Fact("Accuracies", name, source) for name, source in found.sources),
        sections=tuple(sections),
        words=_WORDS,
        json=found.to_json(),
    )
    return write(page)


def _figure(item: DeviceFront) -> Figure:
    value = f"{len(item.front)} of {len(item.candidates)}"
    return Figure(item.device_title, value, "networks on the front", None, colors.series_class(0))


def _section(place: int, item: DeviceFront) -> Section:
    return Section(
        f"device-{place + 1}",
        item.device_title,
        f"{item.device_title}, {item.precision}",
        charts=(_plot(item),),
        tables=(_grid(item),),
        notes=tables.notes(item),
    )


def _plot(item: DeviceFront) -> Plot:
    """Draw throughput upwards, so that its error bar can be drawn."""
    shown = [each for each in item.candidates if each.fits is not False]
    line = Series("the front", colors.PALE, tuple(map(_mark, item.front)), line=True, dots=False)
    families = [
        Series(
            name,
            colors.series_class(place),
            tuple(_mark(each) for each in shown if family(each.accuracy.model) == place),
        )
        for place, name in enumerate(FAMILIES)
    ]
    return Plot(
        f"Predicted images per second against published top-1 on {item.device_title}",
        Axis("top-1 in percent, published"),
        Axis("images/s, predicted", log=True),
        (line, *(series for series in families if series.marks)),
        caption="Bars on the front: the error that such predictions typically have.",
    )


def _mark(item: Candidate) -> Mark:
    name = name_of(item.accuracy)
    low, high = item.span if item.on_front and item.relative_error else (None, None)
    remarks = [
        f"{item.accuracy.top1:.1f} % top-1, published ({item.accuracy.weights or item.accuracy.source})",
        f"{tables.rate(item.images_per_second)} images/s, predicted",
    ]
    remarks += ["on the front"] if item.on_front else ["near the front"] if item.near_front else []
    label = name if item.on_front else ""
    return Mark(
        item.accuracy.top1, item.images_per_second, name, tuple(remarks), key=name, label=label, low=low, high=high
    )


def _grid(item: DeviceFront) -> Grid:
    columns = (
        Column("Network", number=False),
        Column("top-1 %", "Published."),
        Column("images/s", "Predicted."),
        Column("error", "How far off such predictions typically are.", main=False),
        Column("front", "Whether it is on the front, near it, or does not fit.", number=False, facet=True),
        Column("trained on", "ImageNet-1K alone, or more.", number=False, main=False, facet=True),
        Column("weights", "timm's name of the weights.", number=False, main=False),
    )
    rows = tuple(
        Row(
            (
                name_of(each.accuracy),
                Cell(f"{each.accuracy.top1:.1f}", each.accuracy.top1),
                Cell(tables.rate(each.images_per_second), each.images_per_second),
                Cell(f"{100 * each.relative_error:.0f} %" if each.relative_error else "–", each.relative_error),
                _place(each),
                each.accuracy.trained_on,
                each.accuracy.weights,
            ),
            key=name_of(each.accuracy),
        )
        for each in item.candidates
    )
    return Grid(f"Networks on {item.device_title}", columns, rows, 2)


def _place(item: Candidate) -> str:
    if item.fits is False:
        return "does not fit"
    return "on it" if item.on_front else "near" if item.near_front else "behind"
