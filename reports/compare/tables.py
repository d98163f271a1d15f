"""The tables of a comparison as text cells, the same in the terminal and in Markdown."""

from __future__ import annotations

from collections.abc import Sequence

from memprof import units, words
from memprof.comparisons import models
from memprof.comparisons.models import Comparison, Entry, Part, Step
from memprof.report.record import ReportWarning
from memprof.reports.parts.tables import Column, Table

ABSENT = "–"
SUMMARY = "Size, predicted throughput, memory; MACs and DRAM traffic are per image"
"""What the summary holds; memory is the peak of a step."""


def title(comparison: Comparison) -> str:
    """Name what is compared, short enough for a title."""
    names, devices = models_of(comparison), devices_of(comparison)
    named = words.enumerate_words(list(names)) if len(names) <= 4 else f"{len(names)} models"
    return f"{named} on {words.enumerate_words(list(devices)) if len(devices) <= 2 else f'{len(devices)} devices'}"


def subtitle(comparison: Comparison) -> str:
    """Say what was analysed: "batch 128, 224 px, tf32, the faster layout in each phase; predicted, not measured".

    And for which host and stack.
    """
    first = comparison.entries[0]
    given = dict.fromkeys(f"inputs {item.inputs}" for item in comparison.entries if item.inputs)
    resolutions = sorted({item.resolution for item in comparison.entries if item.resolution and not item.inputs})
    sizes = [*([f"{'/'.join(map(str, resolutions))} px"] if resolutions else []), *given]
    precisions = dict.fromkeys(item.precision for item in comparison.entries)
    parts = [f"batch {first.batch_size}", *sizes, "/".join(precisions)]
    assumed = words.assumed(first.host, first.stack)
    return f"{', '.join(parts)}, {layout_words(comparison.entries)}; predicted, not measured ({assumed})"


def layout_words(entries: Sequence[Entry]) -> str:
    """Say which layout was analysed, or that the faster of both was taken."""
    steps = [step for item in entries for step in item.steps]
    if any(len(step.considered) > 1 for step in steps):
        return "the faster layout in each phase"
    return "/".join(dict.fromkeys(step.layout for step in steps))


def models_of(comparison: Comparison) -> tuple[str, ...]:
    """Return the models, in order."""
    return tuple(dict.fromkeys(item.model for item in comparison.entries))


def devices_of(comparison: Comparison) -> tuple[str, ...]:
    """Return the devices' titles, in order."""
    return tuple(dict.fromkeys(item.device_title for item in comparison.entries))


def summary(comparison: Comparison) -> Table:
    """Return a row for each model on each device: size, and of each phase throughput, DRAM traffic, memory."""
    shown = models.phases(comparison.entries)
    columns = [Column("Model", number=False), Column("parameters"), Column("MACs")]
    for head in ("images/s", "DRAM", "memory", "fits"):
        columns += [Column(f"{phase}\n{head}", number=head != "fits") for phase in shown]
    rows = []
    for label, item in zip(models.labels(comparison.entries), comparison.entries, strict=True):
        cells = [label, units.count(item.parameters), units.count(item.macs_per_image)]
        for cell in (_rate, _traffic, _memory, _fits):
            cells += [cell(step) if (step := item.step(phase)) else ABSENT for phase in shown]
        rows.append(tuple(cells))
    return Table(SUMMARY, tuple(columns), tuple(rows), _sections(comparison))


def summary_groups(comparison: Comparison) -> tuple[int, ...]:
    """Return how many columns of the summary belong together, from the second on."""
    count = len(models.phases(comparison.entries))
    return (2, count, count, 2 * count)


def phases(comparison: Comparison) -> tuple[Table, ...]:
    """Return a table for each phase: predicted time per image by kind and by bound, a column for each entry."""
    return tuple(_phase(comparison, phase) for phase in models.phases(comparison.entries))


def kinds_in_order(entries: Sequence[Entry]) -> tuple[str, ...]:
    """Return the kinds of operators, the one that takes most of all steps together first."""
    return _in_order([step.kinds for item in entries for step in item.steps])


def warnings(comparison: Comparison) -> tuple[ReportWarning, ...]:
    """Return the warnings of all entries, each once."""
    return tuple(dict.fromkeys(warning for item in comparison.entries for warning in item.warnings))


def rate(images_per_second: float) -> str:
    """Format a throughput for a column that states its unit: "1,234", "12.3"."""
    return f"{images_per_second:,.0f}" if images_per_second >= 1000 else units.number(images_per_second)


def _phase(comparison: Comparison, phase: str) -> Table:
    steps = [item.step(phase) for item in comparison.entries]
    shown = [step for step in steps if step]
    rows = [
        ("predicted", *(_total(step, item) for step, item in zip(steps, comparison.entries, strict=True))),
        ("memory layout", *(step.layout if step else ABSENT for step in steps)),
    ]
    if any(step.relative_error is not None for step in shown):
        rows.append(("typically within", *(_off(step) for step in steps)))
    sections = {len(rows)}
    for name, prefix in (("kinds", ""), ("bounds", "bound by ")):
        parts = [{part.name: part for part in getattr(step, name)} if step else {} for step in steps]
        for key in _in_order([getattr(step, name) for step in shown]):
            row_name = f"{prefix}{_bound(key, comparison.entries)}" if prefix else key
            rows.append((row_name, *(_time_and_share(of.get(key)) for of in parts)))
        sections.add(len(rows))
    columns = (Column("", number=False), *(Column(label) for label in _headers(comparison)))
    title = f"{words.phase(phase).capitalize()}: predicted time per image, by kind of operator and by what binds it"
    return Table(title, columns, tuple(rows), frozenset(sections))


def _off(step: Step | None) -> str:
    """Say how far off the predicted time of a step typically is, as a report does."""
    if step is None:
        return ABSENT
    return "not compared" if step.relative_error is None else units.share(step.relative_error)


def _bound(code: str, entries: Sequence[Entry]) -> str:
    """Return a bound's name, by each family of devices that there is: "tensor or matrix"."""
    return " or ".join(dict.fromkeys(words.short_bound(code, item.device_family) for item in entries))


def _headers(comparison: Comparison) -> list[str]:
    """Return the labels with what is in brackets on lines of its own, which keeps columns narrow."""
    labels = models.labels(comparison.entries)
    tails = [label.removeprefix(item.model) for label, item in zip(labels, comparison.entries, strict=True)]
    return [
        "\n".join([item.model, *tail.strip(" ()").split(", ")] if tail else [item.model])
        for item, tail in zip(comparison.entries, tails, strict=True)
    ]


def _rate(step: Step) -> str:
    return rate(step.images_per_second)


def _traffic(step: Step) -> str:
    return units.byte_count(step.dram_bytes_per_image)


def _memory(step: Step) -> str:
    return units.byte_count(step.peak_memory_bytes)


def _fits(step: Step) -> str:
    return {True: "yes", False: "NO", None: "not known"}[step.fits]


def _total(step: Step | None, item: Entry) -> str:
    return f"{units.seconds(step.seconds / item.batch_size)}  100 %" if step else ABSENT


def _time_and_share(part: Part | None) -> str:
    return f"{units.seconds(part.seconds_per_image)} {units.share(part.share):>6}" if part else ABSENT


def _in_order(steps: Sequence[Sequence[Part]]) -> tuple[str, ...]:
    seconds: dict[str, float] = {}
    for parts in steps:
        for part in parts:
            seconds[part.name] = seconds.get(part.name, 0.0) + part.seconds_per_image
    return tuple(sorted(seconds, key=seconds.__getitem__, reverse=True))


def _sections(comparison: Comparison) -> frozenset[int]:
    """Return the rows at which another model begins, where models have several devices."""
    rows = comparison.entries
    if len(devices_of(comparison)) < 2:
        return frozenset()
    return frozenset(place for place in range(1, len(rows)) if rows[place].model != rows[place - 1].model)
