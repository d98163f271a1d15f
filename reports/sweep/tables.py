"""The tables and remarks of a sweep as text cells, the same in the terminal and in Markdown."""

from __future__ import annotations

from memprof import units, words
from memprof.reports.ablate.tables import EXACT_NOTE, NOT_EXACT, layout_sentence, workload_words
from memprof.reports.compare.tables import ABSENT, rate
from memprof.reports.parts.tables import Column, Table
from memprof.whatif.sweep import Point, Sweep

NOTE = (
    "least: the time that the device's ceilings allow, a lower bound. depthwise: the part of depthwise convolutions, "
    "and what sets most of its time."
)


def title(sweep: Sweep) -> str:
    """Name the model, its option and the device."""
    return f"{sweep.model} by {sweep.option} on {sweep.device_title}"


def subtitle(sweep: Sweep) -> str:
    """Say what was analysed."""
    layouts = {point.layout for point in sweep.points}
    return workload_words(sweep, "the faster layout at each point" if len(layouts) > 1 else layouts.pop())


def steps(sweep: Sweep, phase: str, *, layouts: bool = True) -> Table:
    """Return a row for each setting in one phase; a new section begins where another bound takes over."""
    points = sweep.of(phase)
    published = any(point.published_seconds for point in points)
    columns = [
        Column(sweep.option),
        Column("predicted\nms"),
        Column("least\nms"),
        Column("\nimages/s"),
        *([Column("published\nms")] if published else []),
        Column("depthwise\nms"),
        Column("of the\nstep"),
        Column("mostly\nbound by", number=False),
        *([Column("\nlayout", number=False)] if layouts else []),
    ]
    rows = tuple(_point(point, sweep.device_family, published=published, layouts=layouts) for point in points)
    begun = {item.value for item in sweep.takeovers if item.phase == phase}
    sections = frozenset(place for place, point in enumerate(points) if point.value in begun)
    return Table(f"{words.phase(phase).capitalize()}: time of a step", tuple(columns), rows, sections)


def groups(sweep: Sweep, phase: str) -> tuple[int, ...]:
    """Return how many columns of `steps` without layouts belong together, from the second on."""
    return (4 if any(point.published_seconds for point in sweep.of(phase)) else 3, 3)


def sizes(sweep: Sweep) -> Table:
    """Return MACs and parameters of each setting."""
    rows = tuple(
        (point.value, units.count(point.parameters), units.count(point.macs_per_image))
        for point in sweep.of(sweep.phases()[0])
    )
    return Table("Size", (Column(sweep.option), Column("parameters"), Column("MACs per image")), rows)


def notes(sweep: Sweep) -> tuple[str, ...]:
    """Say which layouts are faster, and how to read the columns."""
    by_phase = [(phase, [(point.layout, point.value) for point in sweep.of(phase)]) for phase in sweep.phases()]
    sentences = [layout_sentence(phase, pairs, f"{sweep.option} ") for phase, pairs in by_phase]
    return (*sentences, NOTE, *([EXACT_NOTE] if has_inexact(sweep) else []))


def has_inexact(sweep: Sweep) -> bool:
    """Return whether anything was published of a network that is not quite the same."""
    return any(point.published_seconds and not point.exact for point in sweep.points)


def _point(point: Point, family: str, *, published: bool, layouts: bool) -> tuple[str, ...]:
    share = point.depthwise_seconds / point.seconds if point.seconds else 0.0
    mark = "" if point.exact else NOT_EXACT
    measured = f"{units.milliseconds(point.published_seconds)}{mark}" if point.published_seconds else ""
    bound = words.short_bound(point.depthwise_bound, family) if point.depthwise_bound else ABSENT
    return (
        point.value,
        units.milliseconds(point.seconds),
        units.milliseconds(point.roofline_seconds),
        rate(point.images_per_second),
        *([measured] if published else []),
        units.milliseconds(point.depthwise_seconds),
        units.share(share),
        bound,
        *([point.layout] if layouts else []),
    )
