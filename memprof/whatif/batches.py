"""A step at many batch sizes: throughput, latency, memory, where more stops to pay, what a million images take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile

from memprof import units, words
from memprof.errors import WorkloadError
from memprof.report.digest import digest
from memprof.report.groups import share
from memprof.report.json_text import indented_json
from memprof.report.labels import host_name
from memprof.report.record import Report, ReportWarning
from memprof.vocabulary import HOST

SCHEMA = "memprof.batches/1"
NEAR = 0.95
"""Fraction of the best throughput from which on a batch is large enough."""
MILLION = 1e6
_HOUR = 3600.0
_ESTIMATES = "{what} are estimates, from predicted throughput{limit}."
_LIMIT = " and the device's power limit, which it does not draw while it waits: energy of the device alone, at most"


@dataclass(frozen=True, slots=True)
class Power:
    """A device's power limit in watts, with its source."""

    watts: float
    source: str


@dataclass(frozen=True, slots=True)
class Batch:
    """One step at one batch size; seconds and images per second are predicted.

    `bound` is what sets most of the time. `joules_per_image` is at the device's power limit, `dollars_per_image` at
    the price of an hour; None where these are not known.
    """

    batch_size: int
    seconds: float
    images_per_second: float
    roofline_images_per_second: float
    bound: str
    peak_memory_bytes: float | None
    fits: bool | None
    relative_error: float | None
    joules_per_image: float | None
    dollars_per_image: float | None


@dataclass(frozen=True, slots=True)
class Curve:
    """A model at batch sizes in rising order.

    Of those that fit, `best` has the largest throughput, and `enough` is the smallest within 5 % of it; None where none
    fits. `largest_fitting` is the largest of all batch sizes that fits, 0 where none does, None where that is not
    known. `simulated` are the batch sizes that were simulated; the others follow from these.
    """

    model: str
    resolution: int | None
    inputs: str
    precision: str
    batches: tuple[Batch, ...]
    best: int | None
    enough: int | None
    largest_fitting: int | None
    simulated: tuple[int, ...]
    noun: str = "images"
    warnings: tuple[ReportWarning, ...] = ()

    def at(self, batch_size: int | None) -> Batch | None:
        """Return the step at a batch size, None where there is none."""
        return next((batch for batch in self.batches if batch.batch_size == batch_size), None)


@dataclass(frozen=True, slots=True)
class Batches:
    """One or several models at many batch sizes on a device.

    `dollars_per_hour` and `power` are None where they are not known.
    """

    schema: str
    device_name: str
    device_title: str
    memory_capacity_bytes: float | None
    power: Power | None
    dollars_per_hour: float | None
    phase: str
    layout: str
    curves: tuple[Curve, ...]
    sentences: tuple[str, ...]
    notes: tuple[str, ...]
    host: str = ""
    stack: str = ""
    device_family: str = ""

    def to_json(self) -> str:
        """Return the record as indented JSON text, ending in a newline."""
        return indented_json(self).decode()


@dataclass(frozen=True, slots=True)
class Analysed:
    """The reports of a model by batch size, with what is known of all batch sizes; see `Curve`."""

    reports: Sequence[Report]
    largest_fitting: int | None
    simulated: tuple[int, ...]
    remarks: tuple[ReportWarning, ...] = ()


def check_price(dollars_per_hour: float | None) -> None:
    """Raise WorkloadError unless the price of an hour is one."""
    if dollars_per_hour is not None and not 0 < dollars_per_hour < 1e6:
        raise WorkloadError(f"{dollars_per_hour} dollars an hour is no price", "give one such as 2.50")


def collect(models: Sequence[Analysed], power: Power | None, dollars_per_hour: float | None) -> Batches:
    """Put models at their batch sizes together, on one device."""
    first = models[0].reports[0]
    curves = tuple(_curve(model, power, dollars_per_hour) for model in models)
    return Batches(
        schema=SCHEMA,
        device_name=first.device.name,
        device_title=first.device.title,
        memory_capacity_bytes=first.device.memory_capacity_bytes,
        power=power,
        dollars_per_hour=dollars_per_hour,
        phase=first.workload.phase,
        layout=first.workload.layout,
        curves=curves,
        sentences=tuple(sentence for curve in curves for sentence in _sentences(curve, first.device.title)),
        notes=_notes(power, dollars_per_hour),
        host=host_name(first),
        stack=first.workload.stack,
        device_family=first.device.family,
    )


def _curve(model: Analysed, power: Power | None, dollars_per_hour: float | None) -> Curve:
    last = model.reports[-1].workload
    batches = tuple(_batch(report, power, dollars_per_hour) for report in model.reports)
    fitting = [batch for batch in batches if batch.fits is not False and batch.images_per_second]
    best = max(fitting, key=lambda batch: batch.images_per_second, default=None)
    enough = [batch for batch in fitting if best and batch.images_per_second >= NEAR * best.images_per_second]
    return Curve(
        model=last.model,
        resolution=last.resolution,
        inputs=last.inputs,
        precision=last.precision,
        batches=batches,
        best=best.batch_size if best else None,
        enough=enough[0].batch_size if enough else None,
        largest_fitting=model.largest_fitting,
        simulated=model.simulated,
        noun=digest(model.reports[0]).noun,
        warnings=tuple(
            dict.fromkeys([*model.remarks, *(warning for report in model.reports for warning in report.warnings)])
        ),
    )


def _batch(report: Report, power: Power | None, dollars_per_hour: float | None) -> Batch:
    total, rate = report.totals, report.totals.images_per_second
    bounds = digest(report).bounds
    return Batch(
        batch_size=report.workload.batch_size,
        seconds=total.seconds,
        images_per_second=rate,
        roofline_images_per_second=total.roofline_images_per_second,
        bound=max(bounds, key=lambda group: group.time_seconds).name if bounds else "",
        peak_memory_bytes=report.memory.peak_bytes if report.memory else None,
        fits=report.memory.fits if report.memory else None,
        relative_error=total.relative_error,
        joules_per_image=power.watts / rate if power and rate else None,
        dollars_per_image=dollars_per_hour / _HOUR / rate if dollars_per_hour is not None and rate else None,
    )


def _sentences(curve: Curve, device: str) -> list[str]:
    """Say how throughput grows, where more stops to pay, what fits, and up to where the host sets the pace."""
    first, last = curve.batches[0], curve.batches[-1]
    grown = units.ratio(share(last.images_per_second, first.images_per_second))
    found = [
        f"{curve.model}: from batch {first.batch_size} to {last.batch_size} the predicted throughput goes from "
        f"{_rate(first, curve)} to {_rate(last, curve)} ({grown}).",
        _enough(curve),
        _fitting(curve, device),
        _waiting(curve),
    ]
    return [sentence for sentence in found if sentence]


def _rate(batch: Batch, curve: Curve) -> str:
    return units.throughput(batch.images_per_second, curve.noun)


def _enough(curve: Curve) -> str:
    best, enough = curve.at(curve.best), curve.at(curve.enough)
    if best is None or enough is None:
        return f"{curve.model}: none of these batch sizes fits."
    off = "" if enough.relative_error is None else f" (typically within {units.share(enough.relative_error)})"
    cost = _taken(enough, curve.noun)
    return (
        f"{curve.model}: batch {enough.batch_size} is the smallest within 5 % of the best that fits, "
        f"{_rate(best, curve)} at batch {best.batch_size}: {_rate(enough, curve)}, {units.seconds(enough.seconds)} a "
        f"step{off}{cost}."
    )


def _taken(batch: Batch, noun: str) -> str:
    """Say what a million images take."""
    parts = []
    if batch.dollars_per_image is not None:
        parts.append(f"{dollars(MILLION * batch.dollars_per_image)}")
    if batch.joules_per_image is not None:
        parts.append(f"{kilowatt_hours(MILLION * batch.joules_per_image)} kWh at most")
    return f"; a million {noun} take about {' and '.join(parts)}" if parts else ""


def _fitting(curve: Curve, device: str) -> str:
    largest = curve.largest_fitting
    if largest is None:
        tried = [batch.batch_size for batch in curve.batches if batch.fits]
        return f"{curve.model}: of these, batch {tried[-1]} is the largest that fits {device}." if tried else ""
    return f"{curve.model}: the largest batch that fits {device} is {largest:,}." if largest else ""


def _waiting(curve: Curve) -> str:
    waiting = [batch.batch_size for batch in takewhile(lambda batch: batch.bound == HOST, curve.batches)]
    if not waiting:
        return ""
    if len(waiting) == len(curve.batches):
        return f"{curve.model}: at every batch size the host sets the pace; --cuda-graphs takes it away."
    upto = "at batch" if len(waiting) == 1 else "up to batch"
    return f"{curve.model}: {upto} {waiting[-1]} the host sets the pace; --cuda-graphs takes it away."


def _notes(power: Power | None, dollars_per_hour: float | None) -> tuple[str, ...]:
    what = [*(["costs"] if dollars_per_hour is not None else []), *(["energies"] if power else [])]
    text = _ESTIMATES.format(what=words.enumerate_words(what).capitalize(), limit=_LIMIT if power else "")
    source = [f"The power limit is {units.watts(power.watts)}: {power.source}."] if power else []
    without = [] if power else ["There is no figure for this device's power, hence none for energy."]
    return (*([text] if what else []), *source, *without)


def dollars(value: float) -> str:
    """Format money: "$0.226", "$1,240"."""
    return f"${units.number(value)}"


def kilowatt_hours(joules: float) -> str:
    """Format energy for a column that states its unit, kWh."""
    return units.number(joules / _HOUR / 1e3)


def bound_words(batch: Batch, family: str) -> str:
    """Return what a batch's bound is called in a column."""
    return words.short_bound(batch.bound, family) if batch.bound else ""
