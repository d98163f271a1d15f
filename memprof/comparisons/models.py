"""Models and devices side by side: from reports to one record. Every rate and time in it is predicted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from memprof import units, words
from memprof.comparisons.gains import largest_gains
from memprof.findings import memory
from memprof.report.digest import digest
from memprof.report.groups import Group
from memprof.report.json_text import indented_json
from memprof.report.labels import host_name
from memprof.report.record import Report, ReportWarning
from memprof.vocabulary import Kind

SCHEMA = "memprof.comparison/1"
_PRODUCTS = "dense convolutions and linear layers"
_ALIKE = 0.02
"""Difference, as a fraction of the longer time, up to which nothing is to be explained."""


@dataclass(frozen=True, slots=True)
class Part:
    """What one kind of operator takes of a step, or what of it one bound sets; `share` is a fraction of the step."""

    name: str
    seconds_per_image: float
    share: float


@dataclass(frozen=True, slots=True)
class Considered:
    """A layout that was analysed, and what it is predicted to reach."""

    layout: str
    images_per_second: float


@dataclass(frozen=True, slots=True)
class Step:
    """A step of one phase in the faster of the layouts `considered`. `seconds` are of the whole step.

    `kinds` and `bounds` each divide the step, longest first. `fits` is None where the device's memory is not known;
    where the step does not fit, `unfit` says so and what would do. `relative_error` is of `seconds`, as in `Totals`.
    """

    phase: str
    layout: str
    considered: tuple[Considered, ...]
    seconds: float
    images_per_second: float
    roofline_seconds: float
    roofline_images_per_second: float
    dram_bytes_per_image: float
    kinds: tuple[Part, ...]
    bounds: tuple[Part, ...]
    peak_memory_bytes: float
    fits: bool | None
    unfit: str = ""
    relative_error: float | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One model on one device, a step of each phase. `parameters` is a count, the MACs are of one forward.

    `host` is the name of what is taken to launch the kernels, `stack` what they run on, "" for today's PyTorch.
    `device_family` is that of `DeviceCeilings`, for words. `resolution` and `inputs` are as in `Workload`.
    """

    model: str
    device_name: str
    device_title: str
    memory_capacity_bytes: float | None
    batch_size: int
    resolution: int | None
    precision: str
    parameters: int
    macs_per_image: float
    steps: tuple[Step, ...]
    warnings: tuple[ReportWarning, ...] = ()
    host: str = ""
    stack: str = ""
    device_family: str = ""
    inputs: str = ""

    def step(self, phase: str) -> Step | None:
        """Return the step of a phase, None where it was not analysed."""
        return next((step for step in self.steps if step.phase == phase), None)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Models by devices, and what to remember of them in sentences."""

    schema: str
    entries: tuple[Entry, ...]
    sentences: tuple[str, ...]

    def to_json(self) -> str:
        """Return the record as indented JSON text, ending in a newline."""
        return indented_json(self).decode()


def compare(cells: Sequence[Sequence[Report]]) -> Comparison:
    """Hold models and devices side by side.

    A cell holds the reports of one model on one device: of every phase, in one or more layouts.
    """
    entries = tuple(entry(cell) for cell in cells)
    return Comparison(SCHEMA, entries, _sentences(entries))


def entry(cell: Sequence[Report]) -> Entry:
    """Put the reports of one model on one device together: of each phase the layout that is predicted to be faster."""
    by_phase: dict[str, list[Report]] = {}
    for report in cell:
        by_phase.setdefault(report.workload.phase, []).append(report)
    first = cell[0]
    chosen = [faster(reports) for reports in by_phase.values()]
    return Entry(
        model=first.workload.model,
        device_name=first.device.name,
        device_title=first.device.title,
        memory_capacity_bytes=first.device.memory_capacity_bytes,
        batch_size=first.workload.batch_size,
        resolution=first.workload.resolution,
        precision=first.workload.precision,
        parameters=first.totals.parameters,
        macs_per_image=first.totals.macs_per_image,
        steps=tuple(_step(report, reports) for report, reports in zip(chosen, by_phase.values(), strict=True)),
        warnings=tuple(dict.fromkeys(warning for report in chosen for warning in report.warnings)),
        host=host_name(first),
        stack=first.workload.stack,
        device_family=first.device.family,
        inputs=first.workload.inputs,
    )


def faster(reports: Sequence[Report]) -> Report:
    """Return the report with the shortest step; the first of those that are equal."""
    return min(reports, key=lambda report: report.totals.seconds)


def labels(entries: Sequence[Entry]) -> tuple[str, ...]:
    """Name each entry by its model, and by whatever else differs between the entries."""
    sizes = {size_of(item) for item in entries}
    precisions, devices = ({getattr(item, name) for item in entries} for name in ("precision", "device_name"))
    names = []
    for item in entries:
        extras = [size_of(item)] if len(sizes) > 1 else []
        extras += [item.precision] if len(precisions) > 1 else []
        extras += [item.device_name] if len(devices) > 1 else []
        names.append(f"{item.model} ({', '.join(extras)})" if extras else item.model)
    return tuple(names)


def size_of(item: Entry) -> str:
    """Return what a model was given: "224 px", or its inputs."""
    return f"inputs {item.inputs}" if item.inputs else f"{item.resolution} px"


def phases(entries: Sequence[Entry]) -> tuple[str, ...]:
    """Return the phases of the entries, in order of appearance."""
    return tuple(dict.fromkeys(step.phase for item in entries for step in item.steps))


def _step(report: Report, considered: Sequence[Report]) -> Step:
    total, batch, own = report.totals, report.workload.batch_size, digest(report)
    need = memory.needed(own)
    return Step(
        phase=report.workload.phase,
        layout=report.workload.layout,
        considered=tuple(Considered(item.workload.layout, item.totals.images_per_second) for item in considered),
        seconds=total.seconds,
        images_per_second=total.images_per_second,
        roofline_seconds=total.roofline_seconds,
        roofline_images_per_second=total.roofline_images_per_second,
        dram_bytes_per_image=total.dram_bytes / batch,
        kinds=tuple(_part(group, batch) for group in own.kinds),
        bounds=tuple(_part(group, batch) for group in own.bounds),
        peak_memory_bytes=need.peak_bytes,
        fits=need.fits,
        unfit=memory.sentence(own),
        relative_error=total.relative_error,
    )


def _part(group: Group, batch: int) -> Part:
    return Part(group.name, group.seconds / batch, group.time_share)


def _sentences(entries: Sequence[Entry]) -> tuple[str, ...]:
    sentences = []
    devices = tuple(dict.fromkeys(item.device_title for item in entries))
    for device in devices:
        for phase in phases(entries):
            here = [item for item in entries if item.device_title == device and item.step(phase)]
            where = f" on {device}" if len(devices) > 1 else ""
            sentences += [_order(here, phase, where), _reason(here, phase, where) if device == devices[0] else ""]
    sentences += [_device_sentence(entries, phase, devices) for phase in phases(entries)]
    for label, item in zip(labels(entries), entries, strict=True):
        sentences += [f"{label}, {words.phase(step.phase)}: {step.unfit}" for step in item.steps if step.unfit]
    return tuple(sentence for sentence in sentences if sentence)


def _ranked(entries: Sequence[Entry], phase: str) -> list[tuple[Entry, Step]]:
    steps = [(item, step) for item in entries if (step := item.step(phase))]
    return sorted(steps, key=lambda pair: pair[1].seconds / pair[0].batch_size)


def _order(entries: Sequence[Entry], phase: str, where: str) -> str:
    """Rank the models by predicted throughput, each as a fraction of the fastest."""
    ranked = _ranked(entries, phase)
    if not ranked:
        return ""
    most = ranked[0][1].images_per_second
    names = dict(zip(map(id, entries), labels(entries), strict=True))
    parts = []
    for item, step in ranked:
        compared = f" ({units.ratio(step.images_per_second / most)})" if item is not ranked[0][0] and most else ""
        parts.append(f"{names[id(item)]} {units.images_per_second(step.images_per_second)}{compared}")
    return f"Predicted for {words.phase(phase)}{where}: {words.enumerate_words(parts)}."


def _reason(entries: Sequence[Entry], phase: str, where: str) -> str:
    """Name the kinds that make up most of the difference between the slowest and the fastest model."""
    ranked = _ranked(entries, phase)
    if len(ranked) < 2:
        return ""
    (fast, quick), (slow, long) = ranked[0], ranked[-1]
    whole = long.seconds / slow.batch_size - quick.seconds / fast.batch_size
    if whole <= _ALIKE * long.seconds / slow.batch_size:
        return ""
    ours, theirs = _topics(long), _topics(quick)
    named = largest_gains(ours, theirs, whole)
    if not named:
        return ""
    parts = [
        f"{topic} {units.seconds(ours[topic])} against {units.seconds(theirs[topic]) if theirs.get(topic) else 'none'}"
        for topic in named
    ]
    return (
        f"In {words.phase(phase)}{where} {slow.model} takes {units.seconds(whole)} more an image than {fast.model}: "
        f"{words.enumerate_words(parts)}."
    )


def _topics(step: Step) -> dict[str, float]:
    """Return seconds per image by kind; convolutions and matrix products are one, since models swap them."""
    seconds: dict[str, float] = {}
    for part in step.kinds:
        topic = _PRODUCTS if part.name in (Kind.CONVOLUTION, Kind.MATMUL) else words.kinds(part.name)
        seconds[topic] = seconds.get(topic, 0.0) + part.seconds_per_image
    return seconds


def _device_sentence(entries: Sequence[Entry], phase: str, devices: Sequence[str]) -> str:
    """Say how much faster each model is on the other devices than on the first."""
    rates = {(item.device_title, item.model): step.images_per_second for item in entries if (step := item.step(phase))}
    parts = []
    for device in devices[1:]:
        gains = [
            f"{units.ratio(rate / rates[devices[0], model])} for {model}"
            for (title, model), rate in rates.items()
            if title == device and rates.get((devices[0], model))
        ]
        parts += [f"{device} reaches {words.enumerate_words(gains)}"] if gains else []
    if not parts:
        return ""
    return f"Against {devices[0]}, predicted throughput of {words.phase(phase)}: {'; '.join(parts)}."
