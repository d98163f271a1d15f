"""The index of a gallery: families against one another, every model on every device, and the story."""

from __future__ import annotations

from memprof import units, words
from memprof.reports.charts.records import Axis, Mark, Plot, Series
from memprof.reports.compare.tables import rate
from memprof.reports.gallery import story
from memprof.reports.page import colors, common
from memprof.reports.page.document import Cell, Column, Grid, Page, Row, Section
from memprof.reports.page.first import Figure
from memprof.reports.page.write import write
from memprof.reports.writer import RenderOptions
from memprof.whatif.gallery import Exhibit, Gallery
from memprof.whatif.story import AGAINST, MODEL

EXTENSION = "html"
FILE_NAME = "index.html"
_MOST_NAMED = 4
_Rows = dict[tuple[str, str], dict[str, Exhibit]]
"""The exhibits of each model and device, by phase."""


def render(gallery: Gallery, options: RenderOptions) -> bytes:
    """Return the index in UTF-8; its links lead to pages beside it."""
    return write(page(gallery))


def page(gallery: Gallery) -> Page:
    """Return what the index says and shows."""
    rows = _rows(gallery)
    titles = list(dict.fromkeys(item.device_title for item in gallery.exhibits))
    models = list(dict.fromkeys(item.model for item in gallery.exhibits))
    settings = gallery.settings
    shown = (f"{name} {settings[name]}" for name in ("batch size", "layout", "host") if name in settings)
    line = f"{', '.join(shown)}; predicted, not measured"
    return Page(
        window=f"{len(models)} models on {len(titles)} devices",
        verdict=_verdict(gallery),
        figures=common.figures(
            Figure("Analysed", f"{len(models)} models", f"on {len(titles)} devices, each with a page of its own"),
            *(_fastest(gallery, phase) for phase in gallery.phases()),
        ),
        line=line,
        assumed=common.assumed((name.capitalize(), value, "") for name, value in settings.items()),
        sections=(
            Section(
                "families",
                "Families",
                "Images per second against MACs, family by family",
                charts=tuple(_plot(gallery, device, _last(gallery)) for device in gallery.devices()),
                notes=("A line joins the models of a family, from the smallest to the largest.",),
            ),
            Section("models", "Models", "Every model on every device", tables=(_grid(gallery, rows),)),
            *(story.sections(gallery.story) if gallery.story else ()),
        ),
        words=common.words(item.device_family for item in gallery.exhibits),
        json=gallery.to_json(),
    )


def _last(gallery: Gallery) -> str:
    return gallery.phases()[-1]


def _rows(gallery: Gallery) -> _Rows:
    rows: _Rows = {}
    for item in gallery.exhibits:
        rows.setdefault((item.model, item.device_name), {})[item.phase] = item
    return rows


def _verdict(gallery: Gallery) -> str:
    """Hold the story's two models against each other on the first device where both are there."""
    phase, device = _last(gallery), gallery.devices()[0]
    places = {item.place: item for item in gallery.exhibits}
    ours, theirs = (places.get((name, device, phase)) for name in (MODEL, AGAINST))
    if ours is None or theirs is None or not ours.images_per_second:
        names = list(dict.fromkeys(item.model for item in gallery.exhibits))
        shown = words.enumerate_words(names) if len(names) <= _MOST_NAMED else f"{len(names)} models"
        count = len(gallery.devices())
        return f"{shown}, predicted on {count} device{'s' * (count != 1)}."
    macs = theirs.macs_per_image / ours.macs_per_image if ours.macs_per_image else 1.0
    return (
        f"{theirs.model} needs {macs:.2f}x the MACs of {ours.model} and is predicted to run "
        f"{theirs.images_per_second / ours.images_per_second:.2f}x as fast in {words.phase(phase)} on "
        f"{ours.device_title}."
    )


def _fastest(gallery: Gallery, phase: str) -> Figure | None:
    found = [item for item in gallery.exhibits if item.phase == phase]
    if not found:
        return None
    item = max(found, key=lambda one: one.images_per_second)
    remark = f"{item.model} on {item.device_title}; predicted"
    return Figure(f"Fastest in {words.phase(phase)}", units.images_per_second(item.images_per_second), remark)


def _key(item: Exhibit) -> str:
    return f"{item.model} on {item.device_name}"


def _plot(gallery: Gallery, device: str, phase: str) -> Plot:
    shown = [item for item in gallery.exhibits if (item.device_name, item.phase) == (device, phase)]
    families = list(dict.fromkeys(item.family for item in gallery.exhibits))
    title = next(item.device_title for item in gallery.exhibits if item.device_name == device)
    series = []
    for place, family in enumerate(families):
        own = sorted((item for item in shown if item.family == family), key=lambda item: item.macs_per_image)
        marks = tuple(
            Mark(
                item.macs_per_image / 1e9,
                item.images_per_second,
                item.model,
                (
                    f"{rate(item.images_per_second)} images/s in {words.phase(phase)}",
                    f"{units.count(item.macs_per_image)} MACs, {units.count(item.parameters)} parameters",
                    f"mostly bound by {words.short_bound(item.bound, item.device_family)}",
                ),
                _key(item),
                item.model,
            )
            for item in own
        )
        if marks:
            series.append(Series(family, colors.series_class(place), marks, line=len(marks) > 1))
    return Plot(
        f"Predicted images per second in {words.phase(phase)} against MACs of an image, on {title}",
        Axis("10^9 MACs of an image", log=True),
        Axis(f"predicted images/s, {words.phase(phase)}", log=True),
        tuple(series),
        title=title,
        small=True,
    )


def _grid(gallery: Gallery, rows: _Rows) -> Grid:
    phases = gallery.phases()
    columns = [
        Column("Model", number=False),
        Column("family", number=False, main=False, facet=True),
        Column("device", number=False, facet=True),
        Column("parameters", extra=True),
        Column("MACs", "Multiply-adds of one image's forward pass, convolutions and matrix products.", main=False),
    ]
    for phase in phases:
        name = words.short_phase(phase)
        columns += [
            Column(f"{name}\nimages/s", f"Predicted in {words.phase(phase)}; leads to the page that says why."),
            Column(f"{name}\nof roof", "How close a step comes to the least time that ceilings allow.", main=False),
            Column(f"{name}\nwithin", "How far off such a prediction typically is.", extra=True),
            Column(f"{name}\ndepthwise", "What depthwise convolutions take of a step.", main=False),
            Column(f"{name}\nbound by", "What sets most of the predicted time.", number=False, main=False),
        ]
    highest = {
        phase: max((item.images_per_second for item in gallery.exhibits if item.phase == phase), default=1.0)
        for phase in phases
    }
    made = []
    for by_phase in rows.values():
        first = next(iter(by_phase.values()))
        cells: list[Cell | str] = [
            first.model,
            first.family,
            first.device_name,
            Cell(units.count(first.parameters), first.parameters),
            Cell(units.count(first.macs_per_image), first.macs_per_image),
        ]
        for phase in phases:
            cells += _cells(by_phase.get(phase), highest[phase])
        made.append(Row(tuple(cells), _key(first)))
    return Grid("", tuple(columns), tuple(made))


def _cells(item: Exhibit | None, highest: float) -> list[Cell | str]:
    if item is None:
        return [Cell(common.ABSENT)] * 5
    close = item.roofline_seconds / item.seconds if item.seconds else 0.0
    off = item.relative_error
    return [
        Cell(
            rate(item.images_per_second),
            item.images_per_second,
            item.images_per_second / highest if highest else None,
            "roof-share",
            item.file,
        ),
        Cell(units.percent(close), close),
        Cell("not compared") if off is None else Cell(units.share(off), off),
        Cell(units.share(item.depthwise_share), item.depthwise_share),
        words.short_bound(item.bound, item.device_family),
    ]
