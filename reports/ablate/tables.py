"""The tables and remarks of an ablation and of a sweep as text cells, the same in the terminal and in Markdown."""

from __future__ import annotations

from collections.abc import Sequence

from memprof import units, words
from memprof.reports.compare.tables import ABSENT, layout_said, rate
from memprof.reports.parts.tables import Column, Table
from memprof.whatif.ablation import Ablation, Outcome, Result
from memprof.whatif.sweep import Point, Sweep

NOT_EXACT = "*"
PUBLISHED_NOTE = (
    "Published: images/s of the InceptionNeXt README (A100, batch 128, TF32, the faster layout). Ratios are to the "
    "baseline: what is predicted to what is predicted, what was published to what was published."
)
EXACT_NOTE = (
    f"{NOT_EXACT} The published code computes the layer norm of stem and downsampling in plain arithmetic steps; add "
    "norm=arithmetic to the model to predict that."
)
SWEEP_NOTE = (
    "least: the time that the device's ceilings allow, a lower bound. depthwise: the part of depthwise convolutions, "
    "and what sets most of its time."
)


def title(found: Ablation | Sweep) -> str:
    """Name the model and the device."""
    if isinstance(found, Sweep):
        return f"{found.model} by {found.option} on {found.device_title}"
    return f"Variants of {found.model} on {found.baseline.device_title}"


def subtitle(found: Ablation | Sweep) -> str:
    """Say what was analysed."""
    work = found if isinstance(found, Sweep) else found.baseline
    if isinstance(found, Sweep):
        layout = "the faster layout at each point" if len({point.layout for point in found.points}) > 1 else ""
        layout = layout or found.points[0].layout
    else:
        layout = layout_said([found.baseline])
    return f"batch {work.batch_size}, {work.resolution} px, {work.precision}, {layout}; predicted, not measured"


def phases(found: Ablation) -> tuple[str, ...]:
    """Return the phases, in order."""
    return tuple(dict.fromkeys(item.phase for result in found.results for item in result.outcomes))


def variants(found: Ablation, *, layouts: bool = True) -> Table:
    """Return a row for each variant: size, and for each phase throughput, ratio to the baseline, what was published."""
    columns = [Column("Variant", number=False), Column("parameters"), Column("MACs per\nimage")]
    for phase in phases(found):
        columns += [Column(f"{phase}\nimages/s"), Column("\nratio")]
        columns += [Column("published\nimages/s"), Column("\nratio")] if _has_published(found, phase) else []
        columns += [Column("\nlayout", number=False)] if layouts else []
    rows = []
    for result in found.results:
        cells = [result.change, units.count(result.parameters), units.count(result.macs_per_image)]
        for phase in phases(found):
            cells += _outcome(found, result, phase, layouts=layouts)
        rows.append(tuple(cells))
    return Table("Variants", tuple(columns), tuple(rows), frozenset({1}))


def groups(found: Ablation) -> tuple[int, ...]:
    """Return how many columns of `variants` without layouts belong together, from the second on."""
    return (2, *(4 if _has_published(found, phase) else 2 for phase in phases(found)))


def notes(found: Ablation) -> tuple[str, ...]:
    """Say which layouts are faster, and how to read what was published."""
    said = []
    for phase in phases(found):
        outcomes = [(result.outcome(phase), result.change) for result in found.results]
        said.append(_layouts(phase, [(item.layout, change) for item, change in outcomes if item]))
    if any(_has_published(found, phase) for phase in phases(found)):
        said.append(PUBLISHED_NOTE)
        said += [EXACT_NOTE] if any(_is_marked(result) for result in found.results) else []
    return tuple(said)


def models(found: Ablation) -> Table:
    """Return what to name each variant."""
    rows = tuple((result.change, result.model) for result in found.results)
    return Table("As --model", (Column("Variant", number=False), Column("name", number=False)), rows)


def sweep(found: Sweep, phase: str, *, layouts: bool = True) -> Table:
    """Return a row for each setting in one phase; a new section begins where another bound takes over."""
    points = found.of(phase)
    published = any(point.published_seconds for point in points)
    columns = [
        Column(found.option),
        Column("predicted\nms"),
        Column("least\nms"),
        Column("\nimages/s"),
        *([Column("published\nms")] if published else []),
        Column("depthwise\nms"),
        Column("of the\nstep"),
        Column("mostly\nbound by", number=False),
        *([Column("\nlayout", number=False)] if layouts else []),
    ]
    rows = tuple(_point(point, published=published, layouts=layouts) for point in points)
    begun = {item.value for item in found.takeovers if item.phase == phase}
    sections = frozenset(place for place, point in enumerate(points) if point.value in begun)
    return Table(f"{words.phase(phase).capitalize()}: time of a step", tuple(columns), rows, sections)


def sweep_groups(found: Sweep, phase: str) -> tuple[int, ...]:
    """Return how many columns of `sweep` without layouts belong together, from the second on."""
    return (4 if any(point.published_seconds for point in found.of(phase)) else 3, 3)


def sizes(found: Sweep) -> Table:
    """Return MACs and parameters of each setting."""
    rows = tuple(
        (point.value, units.count(point.parameters), units.count(point.macs_per_image))
        for point in found.of(found.phases()[0])
    )
    return Table("Size", (Column(found.option), Column("parameters"), Column("MACs per image")), rows)


def sweep_notes(found: Sweep) -> tuple[str, ...]:
    """Say which layouts are faster, and how to read the columns."""
    by_phase = [(phase, [(point.layout, point.value) for point in found.of(phase)]) for phase in found.phases()]
    return (*(_layouts(phase, pairs, f"{found.option} ") for phase, pairs in by_phase), SWEEP_NOTE)


def _outcome(found: Ablation, result: Result, phase: str, *, layouts: bool) -> list[str]:
    item = result.outcome(phase)
    cells = [rate(item.images_per_second), _ratio(item.ratio)] if item else [ABSENT, ABSENT]
    if _has_published(found, phase):
        cells += _published(result, item)
    return [*cells, *([item.layout if item else ABSENT] if layouts else [])]


def _published(result: Result, item: Outcome | None) -> list[str]:
    if item is None or item.published_images_per_second is None:
        return ["", ""]
    mark = "" if result.exact else NOT_EXACT
    ratio = _ratio(item.published_ratio) if item.published_ratio else ""
    return [f"{rate(item.published_images_per_second)}{mark}", ratio]


def _ratio(value: float) -> str:
    return f"{value:.2f}x"


def _is_marked(result: Result) -> bool:
    return not result.exact and any(item.published_images_per_second for item in result.outcomes)


def _has_published(found: Ablation, phase: str) -> bool:
    outcomes = [result.outcome(phase) for result in found.results]
    return any(item is not None and item.published_images_per_second is not None for item in outcomes)


def _layouts(phase: str, pairs: Sequence[tuple[str, str]], prefix: str = "") -> str:
    """Say which layout the figures are for: "Layout in training: channels-last, but channels-first for layer norm."."""
    by_layout: dict[str, list[str]] = {}
    for layout, name in pairs:
        by_layout.setdefault(layout, []).append(name)
    most, *others = sorted(by_layout, key=lambda layout: -len(by_layout[layout]))
    exceptions = [f"{layout} for {prefix}{words.enumerate_words(by_layout[layout])}" for layout in others]
    but = f", but {words.enumerate_words(exceptions)}" if exceptions else ""
    return f"Layout in {words.phase(phase)}: {most}{but}."


def _point(point: Point, *, published: bool, layouts: bool) -> tuple[str, ...]:
    share = point.depthwise_seconds / point.seconds if point.seconds else 0.0
    measured = units.milliseconds(point.published_seconds) if point.published_seconds else ""
    bound = words.short_bound(point.depthwise_bound) if point.depthwise_bound else ABSENT
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
