"""The page of a comparison: time of an image by kind and by bound, throughput against MACs, every figure in tables."""

from __future__ import annotations

from collections.abc import Sequence

from memprof import units, words
from memprof.comparisons import models
from memprof.comparisons.models import Comparison, Entry, Part, Step
from memprof.reports.charts.records import Axis, Bar, Bars, Mark, Plot, Series
from memprof.reports.charts.records import Part as Piece
from memprof.reports.compare import tables
from memprof.reports.page import colors, common
from memprof.reports.page.document import Cell, Column, Grid, Page, Row, Section
from memprof.reports.page.first import Figure
from memprof.reports.page.write import write
from memprof.reports.writer import RenderOptions

EXTENSION = "html"
_AN_IMAGE = "predicted ms an image"


def render(comparison: Comparison, options: RenderOptions) -> bytes:
    """Return the page in UTF-8."""
    return write(page(comparison))


def page(comparison: Comparison) -> Page:
    """Return what the page says and shows."""
    entries, labels = comparison.entries, models.labels(comparison.entries)
    named = list(zip(labels, entries, strict=True))
    phases = models.phases(entries)
    first = entries[0]
    sentences = comparison.sentences
    return Page(
        window=tables.title(comparison),
        verdict=sentences[-1] if sentences else f"{tables.title(comparison)}, side by side",
        figures=common.figures(*(_fastest(named, phase) for phase in phases), _largest_spread(named, phases[-1])),
        line=tables.subtitle(comparison),
        assumed=common.assumed(
            (
                *common.run_facts(words.enumerate_words(list(tables.devices_of(comparison))), first.host, first.stack),
                ("Batch", f"batch {first.batch_size}", "images in a step"),
                ("Precision", "/".join(dict.fromkeys(item.precision for item in entries)), "of each device"),
                ("Layout", tables.layout_words(entries), "how images and weights lie in memory"),
            )
        ),
        sections=(
            Section(
                "time",
                "By kind",
                "What an image takes, by kind of operator",
                sentences,
                tuple(_bars(named, phase, "kinds") for phase in phases),
                warnings=tuple(f"{warning.message} {warning.remedy}" for warning in tables.warnings(comparison)),
            ),
            Section("figures", "Figures", "Every figure", tables=(_summary(named, phases),)),
            Section(
                "bounds",
                "By bound",
                "What an image takes, by what binds it",
                charts=tuple(_bars(named, phase, "bounds") for phase in phases),
            ),
            *(_against_macs(named, phases) if len(entries) > 1 else ()),
            Section("parts", "Parts", "Kinds of operators, model by model", tables=(_parts(named),)),
        ),
        words=common.words(item.device_family for item in entries),
        json=comparison.to_json(),
    )


_Named = Sequence[tuple[str, Entry]]


def _fastest(named: _Named, phase: str) -> Figure | None:
    found = sorted(
        ((step.images_per_second, label) for label, item in named if (step := item.step(phase))), reverse=True
    )
    if not found:
        return None
    rate, label = found[0]
    slowest = (
        f", {units.ratio(rate / found[-1][0])} the rate of {found[-1][1]}" if len(found) > 1 and found[-1][0] else ""
    )
    return Figure(f"Fastest in {words.phase(phase)}", units.images_per_second(rate), f"{label}{slowest}; predicted")


def _largest_spread(named: _Named, phase: str) -> Figure | None:
    """Return the kind whose time differs most between the entries, in one phase."""
    steps = [(label, step) for label, item in named if (step := item.step(phase))]
    seconds: dict[str, dict[str, float]] = {}
    for label, step in steps:
        for part in step.kinds:
            seconds.setdefault(part.name, {})[label] = part.seconds_per_image
    if len(steps) < 2 or not seconds:
        return None

    def ends(kind: str) -> tuple[tuple[float, str], tuple[float, str]]:
        values = [(seconds[kind].get(label, 0.0), label) for label, _ in steps]
        return min(values), max(values)

    kind = max(seconds, key=lambda name: ends(name)[1][0] - ends(name)[0][0])
    (least, fewest), (most, longest) = ends(kind)
    remark = f"{units.seconds(most)} an image in {longest}, {units.seconds(least)} in {fewest} ({words.phase(phase)})"
    return Figure("What differs most", words.kinds(kind).capitalize(), remark)


def _bars(named: _Named, phase: str, what: str) -> Bars:
    bars = []
    for label, item in named:
        step = item.step(phase)
        if step is None:
            continue
        parts: tuple[Part, ...] = getattr(step, what)
        pieces = tuple(Piece(1e3 * part.seconds_per_image, *_look(part.name, what, item)) for part in parts)
        told = tuple(
            f"{name}: {units.seconds(part.seconds_per_image)}, {units.share(part.share)}"
            for part in parts
            for _, name in [_look(part.name, what, item)]
        )
        each = step.seconds / item.batch_size
        bars.append(Bar(label, pieces, f"{units.seconds(each)}, {tables.rate(step.images_per_second)}/s", told, label))
    name = "kind of operator" if what == "kinds" else "bound"
    return Bars(
        f"Predicted time of an image in {words.phase(phase)}, by {name}: "
        + "; ".join(f"{bar.name} {bar.text}" for bar in bars),
        _AN_IMAGE,
        tuple(bars),
        words.phase(phase).capitalize(),
    )


def _look(name: str, what: str, item: Entry) -> tuple[str, str]:
    """Return the class of the colour of a kind or bound, and what it is called."""
    if what == "kinds":
        return colors.kind_class(name), name
    return colors.bound_class(name), words.short_bound(name, item.device_family)


def _summary(named: _Named, phases: Sequence[str]) -> Grid:
    devices = len({item.device_title for _, item in named}) > 1
    columns = [Column("Model", "What was analysed.", number=False)]
    columns += [Column("device", number=False, main=False, facet=True)] if devices else []
    columns += [
        Column("parameters", "How many numbers are trained.", main=False),
        Column("MACs", "Multiply-adds of one image's forward pass, convolutions and matrix products.", main=False),
    ]
    for phase in phases:
        name = words.short_phase(phase)
        columns += [
            Column(f"{name}\nimages/s", f"Predicted throughput in {words.phase(phase)}."),
            Column(f"{name}\nms", "Predicted time of a step.", main=False),
            Column(f"{name}\nleast ms", "The least time that the device's ceilings allow.", extra=True),
            Column(f"{name}\nwithin", "How far off such a prediction typically is.", extra=True),
            Column(f"{name} DRAM\nan image", "Bytes through the device's memory.", main=False),
            Column(f"{name}\nmemory", "Predicted peak of a step.", main=False),
            Column(f"{name}\nbound by", "What sets most of the predicted time.", number=False, main=False),
            Column(f"{name}\nlayout", "How images and weights lie in memory.", number=False, extra=True),
        ]
    highest = {
        phase: max((step.images_per_second for _, item in named if (step := item.step(phase))), default=1.0)
        for phase in phases
    }
    rows = []
    for label, item in named:
        cells: list[Cell | str] = [label, *([item.device_title] if devices else [])]
        cells += [
            Cell(units.count(item.parameters), item.parameters),
            Cell(units.count(item.macs_per_image), item.macs_per_image),
        ]
        for phase in phases:
            cells += _step_cells(item, item.step(phase), highest[phase])
        rows.append(Row(tuple(cells), label))
    return Grid(tables.SUMMARY, tuple(columns), tuple(rows))


def _step_cells(item: Entry, step: Step | None, highest: float) -> list[Cell | str]:
    if step is None:
        return [Cell(common.ABSENT)] * 8
    rate, off = step.images_per_second, step.relative_error
    unfit = "" if step.fits in (True, None) else ", does not fit"
    bound = words.short_bound(step.bounds[0].name, item.device_family) if step.bounds else common.ABSENT
    return [
        Cell(tables.rate(rate), rate, rate / highest if highest else None, "roof-share"),
        common.milliseconds(step.seconds),
        common.milliseconds(step.roofline_seconds),
        Cell("not compared") if off is None else Cell(units.share(off), off),
        Cell(units.byte_count(step.dram_bytes_per_image), step.dram_bytes_per_image),
        Cell(f"{units.byte_count(step.peak_memory_bytes)}{unfit}", step.peak_memory_bytes),
        bound,
        step.layout,
    ]


def _against_macs(named: _Named, phases: Sequence[str]) -> tuple[Section]:
    marks = {
        phase: tuple(
            Mark(
                item.macs_per_image / 1e9,
                step.images_per_second,
                label,
                (
                    f"{units.count(item.macs_per_image)} MACs",
                    f"{tables.rate(step.images_per_second)} images/s, {phase}",
                ),
                label,
                label,
            )
            for label, item in named
            if (step := item.step(phase))
        )
        for phase in phases
    }
    plots = tuple(
        Plot(
            f"Predicted images per second in {words.phase(phase)} against MACs of an image",
            Axis("10^9 MACs of an image"),
            Axis("predicted images/s", low=0.0),
            (Series("", colors.series_class(place), marks[phase]),),
            title=words.phase(phase).capitalize(),
            small=True,
        )
        for place, phase in enumerate(phases)
    )
    return (Section("macs", "MACs", "MACs do not tell how fast it is", charts=plots),)


def _parts(named: _Named) -> Grid:
    columns = (
        Column("Kind", "Of operators.", number=False),
        Column("model", number=False, facet=True),
        Column("phase", number=False, facet=True),
        Column("ms an image", "Predicted time of an image."),
        Column("share", "Of the step.", main=False),
    )
    rows = tuple(
        Row(
            (
                Cell(part.name, color=colors.kind_class(part.name)),
                label,
                step.phase,
                common.milliseconds(part.seconds_per_image),
                common.part(part.share, colors.kind_class(part.name)),
            )
        )
        for label, item in named
        for step in item.steps
        for part in step.kinds
    )
    return Grid("", columns, rows, sort=3)
