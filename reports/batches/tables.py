"""The tables and remarks of a model at many batch sizes as text cells, the same in the terminal and in Markdown."""

from __future__ import annotations

from memprof import units, words
from memprof.reports.compare.tables import ABSENT, rate
from memprof.reports.parts.tables import Column, Table
from memprof.whatif.batches import MILLION, Batch, Batches, Curve, bound_words, dollars, kilowatt_hours

BEST, ENOUGH = "best", "within 5 %"


def title(batches: Batches) -> str:
    """Name the models and the device."""
    names = [curve.model for curve in batches.curves]
    named = words.enumerate_words(names) if len(names) <= 4 else f"{len(names)} models"
    return f"{named} by batch size on {batches.device_title}"


def subtitle(batches: Batches) -> str:
    """Say what was analysed, for which host and stack."""
    sizes = dict.fromkeys(_size(curve) for curve in batches.curves)
    precisions = dict.fromkeys(curve.precision for curve in batches.curves)
    parts = [words.phase(batches.phase), *sizes, "/".join(precisions), batches.layout]
    return f"{', '.join(parts)}; predicted, not measured ({words.assumed(batches.host, batches.stack)})"


def _size(curve: Curve) -> str:
    return f"inputs {curve.inputs}" if curve.inputs else f"{curve.resolution} px"


def steps(batches: Batches, curve: Curve) -> Table:
    """Return a row for each batch size."""
    columns = [
        Column("batch"),
        Column(f"\n{curve.noun}/s"),
        Column("at most\n(bound)"),
        Column("ms a step\n(latency)"),
        Column("memory\nGB"),
        Column("\nfits", number=False),
        Column("mostly\nbound by", number=False),
        *([Column("$ per\nmillion")] if batches.dollars_per_hour is not None else []),
        *([Column("kWh per\nmillion")] if batches.power else []),
        Column("", number=False),
    ]
    rows = tuple(_row(batches, curve, batch) for batch in curve.batches)
    return Table(curve.model, tuple(columns), rows)


def groups(batches: Batches) -> tuple[int, ...]:
    """Return how many columns of `steps` belong together, from the second on."""
    costs = int(batches.dollars_per_hour is not None) + int(batches.power is not None)
    return (3, 3, costs + 1)


def notes(batches: Batches) -> tuple[str, ...]:
    """Say how to read the columns."""
    return (*batches.notes, *(told for curve in batches.curves if (told := _told(curve))))


def _told(curve: Curve) -> str:
    others = len(curve.batches) - len({batch.batch_size for batch in curve.batches} & set(curve.simulated))
    if not others:
        return ""
    simulated = words.enumerate_words([str(size) for size in curve.simulated])
    return (
        f"{curve.model} was simulated at batch {simulated}; every size in the other steps follows from these, and the "
        "largest simulated one agrees."
    )


def _row(batches: Batches, curve: Curve, batch: Batch) -> tuple[str, ...]:
    cost, energy = batch.dollars_per_image, batch.joules_per_image
    fits = {True: "yes", False: "NO", None: ABSENT}[batch.fits]
    return (
        str(batch.batch_size),
        rate(batch.images_per_second),
        rate(batch.roofline_images_per_second),
        units.milliseconds(batch.seconds),
        ABSENT if batch.peak_memory_bytes is None else units.gigabytes(batch.peak_memory_bytes),
        fits,
        bound_words(batch, batches.device_family),
        *([ABSENT if cost is None else dollars(MILLION * cost)] if batches.dollars_per_hour is not None else []),
        *([ABSENT if energy is None else kilowatt_hours(MILLION * energy)] if batches.power else []),
        mark(curve, batch),
    )


def mark(curve: Curve, batch: Batch) -> str:
    """Return what a batch size is among the others: the best, the smallest near it, or neither."""
    return BEST if batch.batch_size == curve.best else ENOUGH if batch.batch_size == curve.enough else ""
