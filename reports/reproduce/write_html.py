"""The HTML writer of a reproduction: its figure, its conclusions, and its tables, which sort and are searched."""

from __future__ import annotations

from memprof.papers.reproduction import Reproduction, ResultTable
from memprof.reports.charts.records import Axis, Guide, Mark, Plot, Series
from memprof.reports.page import colors
from memprof.reports.page.document import Cell, Column, Grid, Page, Row, Section
from memprof.reports.page.first import Figure
from memprof.reports.page.write import write
from memprof.reports.parts.tables import Fact
from memprof.reports.reproduce import tables, words
from memprof.reports.reproduce.points import Point, points
from memprof.reports.writer import RenderOptions
from memprof.vocabulary import TRAIN

EXTENSION = "html"
_WORDS = (
    ("predicted", "What memprof reckons a step takes on that device; not a measurement."),
    ("published", "What the paper prints. Accuracies are published only: memprof trains nothing."),
    ("rank correlation", "Spearman's: 1 where predictions order the networks just as the paper's measurements do."),
)


def render(reproduction: Reproduction, options: RenderOptions) -> bytes:
    """Return the page in UTF-8."""
    sections = [
        Section(
            "figure",
            "Figure",
            reproduction.figure,
            charts=(_agreement_plot(reproduction), _accuracy_plot(reproduction)),
        ),
        Section("conclusions", "Conclusions", "Who is faster than whom", tables=(tables.verdicts(reproduction),)),
        *(_section(reproduction, table) for table in reproduction.tables),
        Section("complexity", "Table 2, Figure 3", "Convolutions", tables=(tables.complexity(reproduction),)),
        Section("left-out", "Left out", "What is not computed", tables=(tables.left_out(reproduction),)),
    ]
    page = Page(
        window=words.title(reproduction),
        verdict=words.concluded(reproduction),
        figures=_figures(reproduction),
        line=f"{reproduction.reference}; predicted by memprof, not measured",
        assumed=_assumed(reproduction),
        sections=tuple(sections),
        words=_WORDS,
        json=reproduction.to_json(),
    )
    return write(page)


def _figures(reproduction: Reproduction) -> tuple[Figure, ...]:
    """Return how well the figure's table is told."""
    table = next(item for item in reproduction.tables if item.name == reproduction.figure_tables[0])
    found = [item for item in table.agreements if item.condition == reproduction.figure_condition]
    return tuple(
        Figure(
            "Training" if item.phase == TRAIN else "Inference",
            f"{item.same_order} of {item.pairs}",
            f"pairs of {item.rows} networks in the published order, {reproduction.condition(item.condition).words}",
            item.same_order / item.pairs if item.pairs else None,
            colors.series_class(0),
        )
        for item in found
    )


def _assumed(reproduction: Reproduction) -> tuple[Fact, ...]:
    conditions = [
        Fact(item.name, f"{item.words}, batch {item.batch_size}", item.note) for item in reproduction.conditions
    ]
    return (*conditions, Fact("Published figures", reproduction.reference, reproduction.source))


def _series(found: tuple[Point, ...], marks: dict[str, list[Mark]]) -> tuple[Series, ...]:
    order = tuple(dict.fromkeys(point.family for point in found))
    return tuple(Series(name, colors.series_class(place), tuple(marks[name])) for place, name in enumerate(order))


def _agreement_plot(reproduction: Reproduction) -> Plot:
    found = points(reproduction)
    marks: dict[str, list[Mark]] = {}
    for point in found:
        low, high = point.span
        remarks = f"{point.predicted:,.0f} images/s predicted", f"{point.published:,.0f} published"
        marks.setdefault(point.family, []).append(
            Mark(
                point.published,
                point.predicted,
                point.label,
                remarks,
                key=point.label,
                label=point.label,
                low=low if point.relative_error else None,
                high=high if point.relative_error else None,
            )
        )
    ends = [value for point in found for value in (point.published, point.predicted)] or [1.0, 10.0]
    diagonal = Guide(((min(ends), min(ends)), (max(ends), max(ends))), "predicted = published")
    return Plot(
        "Predicted against published images per second in training",
        Axis("published images/s in training", log=True),
        Axis("predicted images/s", log=True),
        _series(found, marks),
        (diagonal,),
        title="Predicted against published throughput in training",
        caption="Bars: the error that such predictions typically have.",
    )


def _accuracy_plot(reproduction: Reproduction) -> Plot:
    found = points(reproduction)
    marks: dict[str, list[Mark]] = {}
    for point in found:
        remarks = (
            f"{point.accuracy:.1f} % top-1, published",
            f"{point.predicted:,.0f} images/s predicted",
            f"{point.published:,.0f} published",
        )
        mark = Mark(point.predicted, point.accuracy, point.label, remarks, key=point.label, label=point.label)
        marks.setdefault(point.family, []).append(mark)
    return Plot(
        "Published ImageNet top-1 against predicted images per second in training",
        Axis("predicted images/s in training", log=True),
        Axis("top-1 in percent, published"),
        _series(found, marks),
        title="Accuracy, published, against predicted training throughput",
    )


def _section(reproduction: Reproduction, table: ResultTable) -> Section:
    """Return a table's section: sizes, accuracy and all throughputs in one grid."""
    notes = [note for name in tables.conditions_of(table) for note in tables.rate_notes(reproduction, table, name)]
    return Section(
        table.name,
        f"{table.number} {table.title.split(':')[0]}" if table.name in ("imagenet", "finetuned") else table.number,
        words.table_title(table),
        tables=(_grid(reproduction, table),),
        notes=tuple(dict.fromkeys(filter(None, (table.note, *notes)))),
    )


def _grid(reproduction: Reproduction, table: ResultTable) -> Grid:
    columns = [
        Column("Model", number=False),
        Column("M params", "Parameters in millions, counted by memprof."),
        Column("paper", "What the paper prints.", main=False),
        Column("G MACs", "Multiply-adds of an image in 10^9, counted by memprof."),
        Column("paper", "What the paper prints.", main=False),
        Column(f"{table.quality} %", "Published, not computed."),
    ]
    places = [(name, phase) for name in tables.conditions_of(table) for phase in tables.phases_of(table, name)]
    for place, (name, phase) in enumerate(places):
        condition = reproduction.condition(name)
        header = f"{phase} {condition.words.partition(',')[0]}"
        columns += [
            Column(header, f"Images per second, predicted: {condition.words}.", main=place == 0),
            Column("paper", "What the paper prints.", main=False),
            Column("", "Predicted against published.", main=False),
        ]
    rows = []
    for result in table.results:
        cells: list[Cell | str] = [result.label]
        for figure, texts in (
            (result.parameters, words.millions(result.parameters)),
            (result.macs_per_image, words.billions(result.macs_per_image)),
        ):
            cells += [Cell(texts[0], figure.computed), Cell(texts[1], figure.published)]
        cells.append(Cell(words.accuracy(result), result.accuracy))
        for name, phase in places:
            item = result.throughput(name, phase)
            texts = words.rates(item)
            rate = item.images_per_second if item else None
            cells += [
                Cell(texts[0], None if rate is None else rate.computed),
                Cell(texts[1], None if rate is None else rate.published),
                Cell(texts[2], None if rate is None else rate.difference),
            ]
        rows.append(Row(tuple(cells), key=result.label))
    return Grid(words.table_title(table), tuple(columns), tuple(rows))
