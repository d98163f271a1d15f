"""The page of many batch sizes: throughput and latency against the batch, where more stops to pay, what it costs."""

from __future__ import annotations

from memprof import units, words
from memprof.reports.batches import tables
from memprof.reports.charts.records import Axis, Guide, Mark, Plot, Series
from memprof.reports.compare.tables import rate
from memprof.reports.page import colors, common
from memprof.reports.page.document import Cell, Column, Grid, Page, Row, Section
from memprof.reports.page.first import Figure
from memprof.reports.page.write import write
from memprof.reports.writer import RenderOptions
from memprof.whatif.batches import MILLION, NEAR, Batch, Batches, Curve, dollars, kilowatt_hours

EXTENSION = "html"
_MOST_TICKS = 12


def render(batches: Batches, options: RenderOptions) -> bytes:
    """Return the page in UTF-8."""
    return write(page(batches))


def page(batches: Batches) -> Page:
    """Return what the page says and shows."""
    sentences = batches.sentences
    verdict = next((text for text in sentences if "smallest within" in text), sentences[0] if sentences else "")
    warnings = dict.fromkeys(warning for curve in batches.curves for warning in curve.warnings)
    return Page(
        window=tables.title(batches),
        verdict=verdict or tables.title(batches),
        figures=common.figures(*_figures(batches.curves[0])),
        line=tables.subtitle(batches),
        assumed=common.assumed(
            (
                *common.run_facts(batches.device_title, batches.host, batches.stack),
                ("Phase", words.phase(batches.phase), "one step of it"),
                ("Precision", "/".join(dict.fromkeys(curve.precision for curve in batches.curves)), ""),
                ("Layout", batches.layout, "how images and weights lie in memory"),
            )
        ),
        sections=(
            Section(
                "throughput",
                "Throughput",
                "Throughput by batch size",
                tuple(text for text in sentences if text != verdict),
                (_throughput(batches),),
                (_grid(batches),),
                tables.notes(batches),
                tuple(f"{warning.message} {warning.remedy}" for warning in warnings),
            ),
            Section(
                "latency",
                "Latency",
                "What a larger batch costs: latency and memory",
                charts=(_latency(batches), *_memory(batches)),
            ),
        ),
        words=common.words([batches.device_family]),
        json=batches.to_json(),
    )


def _figures(curve: Curve) -> list[Figure]:
    best, enough = curve.at(curve.best), curve.at(curve.enough)
    found = []
    if enough is not None:
        share = (
            f"within {units.share(1 - NEAR)} of the best that fits; {units.seconds(enough.seconds)} a step, predicted"
        )
        found.append(Figure("Large enough", f"batch {enough.batch_size}", share))
    if best is not None:
        value = units.throughput(best.images_per_second, curve.noun)
        found.append(Figure("Fastest", value, f"at batch {best.batch_size}; predicted"))
    if curve.largest_fitting is not None:
        found.append(Figure("Largest that fits", f"batch {curve.largest_fitting:,}", "by predicted peak memory"))
    return found


def _key(curve: Curve, batch: Batch) -> str:
    return f"{curve.model} at {batch.batch_size}"


def _axis(batches: Batches) -> Axis:
    sizes = sorted({batch.batch_size for curve in batches.curves for batch in curve.batches})
    ticks = tuple((float(size), str(size)) for size in sizes) if len(sizes) <= _MOST_TICKS else ()
    return Axis("batch size", log=True, ticks=ticks)


def _marks(batches: Batches, curve: Curve, scale: float, of: str) -> tuple[Mark, ...]:
    return tuple(
        Mark(
            batch.batch_size,
            scale * getattr(batch, of),
            f"{curve.model}, batch {batch.batch_size}",
            (
                f"{rate(batch.images_per_second)} {curve.noun}/s, {units.seconds(batch.seconds)} a step",
                f"mostly bound by {words.short_bound(batch.bound, batches.device_family)}",
                *([] if batch.fits in (True, None) else ["does not fit"]),
            ),
            _key(curve, batch),
            tables.mark(curve, batch) if of == "images_per_second" else "",
        )
        for batch in curve.batches
        if getattr(batch, of) is not None
    )


def _lines(batches: Batches, scale: float, of: str) -> tuple[Series, ...]:
    return tuple(
        Series(curve.model, colors.series_class(place), _marks(batches, curve, scale, of), line=True)
        for place, curve in enumerate(batches.curves)
    )


def _throughput(batches: Batches) -> Plot:
    noun = "/".join(dict.fromkeys(curve.noun for curve in batches.curves))
    return Plot(
        f"Predicted {noun} per second by batch size",
        _axis(batches),
        Axis(f"predicted {noun}/s", low=0.0),
        _lines(batches, 1.0, "images_per_second"),
        caption='"within 5 %" marks the smallest batch that is within 5 % of the best that fits.',
    )


def _latency(batches: Batches) -> Plot:
    lines = _lines(batches, 1e3, "seconds")
    return Plot(
        "Predicted time of a step by batch size",
        _axis(batches),
        Axis("predicted ms a step", log=True),
        lines,
        title="Latency",
        small=True,
    )


def _memory(batches: Batches) -> tuple[Plot, ...]:
    lines = _lines(batches, 1e-9, "peak_memory_bytes")
    if not any(series.marks for series in lines):
        return ()
    sizes = [batch.batch_size for curve in batches.curves for batch in curve.batches]
    capacity = batches.memory_capacity_bytes
    ends = ((min(sizes), capacity / 1e9), (max(sizes), capacity / 1e9)) if capacity else None
    plot = Plot(
        "Predicted peak memory by batch size",
        _axis(batches),
        Axis("predicted peak GB", log=True),
        lines,
        (Guide(ends, "the device's memory"),) if ends else (),
        title="Memory",
        small=True,
    )
    return (plot,)


def _grid(batches: Batches) -> Grid:
    nouns = "/".join(dict.fromkeys(curve.noun for curve in batches.curves))
    several = len(batches.curves) > 1
    columns = [
        Column("Batch", number=False),
        *([Column("model", number=False, facet=True)] if several else []),
        Column(f"\n{nouns}/s", "Predicted throughput."),
        Column("at most\n(bound)", "The most that the device's ceilings allow.", main=False),
        Column("ms a step\n(latency)", "Predicted time of a step."),
        Column("memory\nGB", "Predicted peak of a step.", main=False),
        Column("\nfits", "Whether that is within the device's memory.", number=False, main=False),
        Column("mostly\nbound by", "What sets most of the predicted time.", number=False, main=False),
        Column("typically\nwithin", "How far off such a prediction typically is.", extra=True),
        *([Column("$ per\nmillion", "At the price of an hour.", main=False)] if _costs(batches) else []),
        *([Column("kWh per\nmillion", "At the power limit.", main=False)] if batches.power else []),
        Column("note", "The best of those that fit, and the smallest near it.", number=False),
    ]
    rows = tuple(
        Row(_cells(batches, curve, batch, several), _key(curve, batch))
        for curve in batches.curves
        for batch in curve.batches
    )
    return Grid("Steps", tuple(columns), rows)


def _costs(batches: Batches) -> bool:
    return batches.dollars_per_hour is not None


def _cells(batches: Batches, curve: Curve, batch: Batch, several: bool) -> tuple[Cell | str, ...]:
    memory, off = batch.peak_memory_bytes, batch.relative_error
    cost, energy = batch.dollars_per_image, batch.joules_per_image
    best = curve.at(curve.best)
    share = min(1.0, batch.images_per_second / best.images_per_second) if best else None
    used = None if energy is None else kilowatt_hours(MILLION * energy)
    return (
        Cell(str(batch.batch_size), batch.batch_size),
        *([curve.model] if several else []),
        Cell(rate(batch.images_per_second), batch.images_per_second, share, "roof-share"),
        Cell(rate(batch.roofline_images_per_second), batch.roofline_images_per_second),
        common.milliseconds(batch.seconds),
        Cell(common.ABSENT) if memory is None else Cell(units.gigabytes(memory), memory),
        {True: "yes", False: "NO", None: common.ABSENT}[batch.fits],
        words.short_bound(batch.bound, batches.device_family),
        Cell("not compared") if off is None else Cell(units.share(off), off),
        *([_priced(cost)] if _costs(batches) else []),
        *([Cell(common.ABSENT if used is None else used, energy)] if batches.power else []),
        tables.mark(curve, batch),
    )


def _priced(cost: float | None) -> Cell:
    return Cell(common.ABSENT) if cost is None else Cell(dollars(MILLION * cost), cost)
