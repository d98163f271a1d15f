"""The tables and remarks of an ablation as text cells, the same in the terminal and in Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from memprof import units, words
from memprof.reports.compare.tables import ABSENT, layout_words, rate
from memprof.reports.parts.tables import Column, Table
from memprof.whatif.ablation import Ablation, Outcome, Result

if TYPE_CHECKING:
    from memprof.comparisons.models import Entry
    from memprof.whatif.sweep import Sweep

NOT_EXACT = "*"
PUBLISHED_NOTE = (
    "Published: images/s of the InceptionNeXt README (A100, batch 128, TF32, the faster layout). Ratios are to the "
    "baseline: what is predicted to what is predicted, what was published to what was published."
)
EXACT_NOTE = (
    f"{NOT_EXACT} The published code computes the layer norm of stem and downsampling in plain arithmetic steps; add "
    "norm=arithmetic to the model to predict that."
)


def title(ablation: Ablation) -> str:
    """Name the model and the device."""
    return f"Variants of {ablation.model} on {ablation.baseline.device_title}"


def subtitle(ablation: Ablation) -> str:
    """Say what was analysed."""
    return workload_words(ablation.baseline, layout_words([ablation.baseline]))


def workload_words(work: Entry | Sweep, layout: str) -> str:
    """Say what was analysed, in which layout, and that it is predicted."""
    run = f"batch {work.batch_size}, {work.resolution} px, {work.precision}, {layout}"
    return f"{run}; predicted, not measured ({words.assumed(work.host, work.stack)})"


def phases(ablation: Ablation) -> tuple[str, ...]:
    """Return the phases, in order."""
    return tuple(dict.fromkeys(item.phase for result in ablation.results for item in result.outcomes))


def variants(ablation: Ablation, *, layouts: bool = True) -> Table:
    """Return a row for each variant: size, and for each phase throughput, ratio to the baseline, what was published."""
    columns = [Column("Variant", number=False), Column("parameters"), Column("MACs per\nimage")]
    for phase in phases(ablation):
        columns += [Column(f"{phase}\nimages/s"), Column("\nratio")]
        columns += [Column("published\nimages/s"), Column("\nratio")] if _has_published(ablation, phase) else []
        columns += [Column("\nlayout", number=False)] if layouts else []
    rows = []
    for result in ablation.results:
        cells = [result.change, units.count(result.parameters), units.count(result.macs_per_image)]
        for phase in phases(ablation):
            cells += _outcome(ablation, result, phase, layouts=layouts)
        rows.append(tuple(cells))
    return Table("Variants", tuple(columns), tuple(rows), frozenset({1}))


def groups(ablation: Ablation) -> tuple[int, ...]:
    """Return how many columns of `variants` without layouts belong together, from the second on."""
    return (2, *(4 if _has_published(ablation, phase) else 2 for phase in phases(ablation)))


def notes(ablation: Ablation) -> tuple[str, ...]:
    """Say which layouts are faster, and how to read what was published."""
    sentences = []
    for phase in phases(ablation):
        outcomes = [(result.outcome(phase), result.change) for result in ablation.results]
        sentences.append(layout_sentence(phase, [(item.layout, change) for item, change in outcomes if item]))
    if any(_has_published(ablation, phase) for phase in phases(ablation)):
        sentences.append(PUBLISHED_NOTE)
        sentences += [EXACT_NOTE] if any(_is_marked(result) for result in ablation.results) else []
    return tuple(sentences)


def models(ablation: Ablation) -> Table:
    """Return what to name each variant."""
    rows = tuple((result.change, result.model) for result in ablation.results)
    return Table("As --model", (Column("Variant", number=False), Column("name", number=False)), rows)


def layout_sentence(phase: str, pairs: Sequence[tuple[str, str]], prefix: str = "") -> str:
    """Say which layout the figures are for: "Layout in training: channels-last, but channels-first for layer norm."."""
    by_layout: dict[str, list[str]] = {}
    for layout, name in pairs:
        by_layout.setdefault(layout, []).append(name)
    most, *others = sorted(by_layout, key=lambda layout: -len(by_layout[layout]))
    exceptions = [f"{layout} for {prefix}{words.enumerate_words(by_layout[layout])}" for layout in others]
    but = f", but {words.enumerate_words(exceptions)}" if exceptions else ""
    return f"Layout in {words.phase(phase)}: {most}{but}."


def _outcome(ablation: Ablation, result: Result, phase: str, *, layouts: bool) -> list[str]:
    item = result.outcome(phase)
    cells = [rate(item.images_per_second), _ratio(item.ratio)] if item else [ABSENT, ABSENT]
    if _has_published(ablation, phase):
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


def _has_published(ablation: Ablation, phase: str) -> bool:
    outcomes = [result.outcome(phase) for result in ablation.results]
    return any(item is not None and item.published_images_per_second is not None for item in outcomes)
