"""What a reproduction says in sentences and short cells, the same in every format."""

from __future__ import annotations

from memprof import units, words
from memprof.papers.reproduction import (
    Agreement,
    Figure,
    Reproduction,
    Result,
    ResultTable,
    Throughput,
    Verdict,
)
from memprof.reports.parts.signed import MINUS

ABSENT = "–"
_PHASES = {"train": "training", "infer": "inference"}


def title(reproduction: Reproduction) -> str:
    """Name the paper."""
    return f"Reproduced: {reproduction.title}"


def introduction(reproduction: Reproduction) -> tuple[str, ...]:
    """Say where the paper is, what stands side by side, and how many of its conclusions hold."""
    return (
        f"{reproduction.reference}. Published figures: {reproduction.source}.",
        "Parameters and MACs are memprof's own count; images/s are predicted, not measured, for the faster of "
        "channels-first and channels-last unless a table says otherwise. Top-1 and mIoU are published, not computed. "
        "Differences are memprof's figure against the published one.",
        concluded(reproduction),
    )


def concluded(reproduction: Reproduction) -> str:
    """Say how many of the paper's conclusions hold, and how well the order of its tables is told."""
    known = [item for item in reproduction.verdicts if item.holds is not None]
    held = sum(1 for item in known if item.holds)
    pairs = sum(item.pairs for table in reproduction.tables for item in table.agreements)
    same = sum(item.same_order for table in reproduction.tables for item in table.agreements)
    told = f" {same:,} of {pairs:,} pairs of networks are in the published order." if pairs else ""
    return f"Who is faster than whom: {held} of the paper's {len(known)} conclusions hold in prediction.{told}"


def table_title(table: ResultTable) -> str:
    """Return what a table is called: "Table 4: ImageNet-1K at 224x224"."""
    return f"{table.number}: {table.title}"


def agreed(reproduction: Reproduction, item: Agreement) -> str:
    """Say how well the order of a table is told under a condition."""
    rank = "" if item.spearman is None else f"rank correlation {item.spearman:.3f}, "
    return (
        f"Order in {_PHASES[item.phase]} ({reproduction.condition(item.condition).words}), {item.rows} networks: "
        f"{rank}{item.same_order} of {item.pairs} pairs as published; median difference "
        f"{units.share(item.median_error)}."
    )


def predicted_within(reproduction: Reproduction, table: ResultTable, condition: str) -> str:
    """Say how far off predictions under a condition typically are."""
    found = [item for result in table.results for item in result.throughputs if item.condition == condition]
    errors: dict[str, set[float | None]] = {}
    for item in found:
        if item.images_per_second.computed:
            errors.setdefault(item.phase, set()).add(item.relative_error)
    parts = [
        f"{words.enumerate_words([units.share(value) for value in sorted(known)])} in {_PHASES[phase]}"
        for phase, values in errors.items()
        if (known := {value for value in values if value is not None})
    ]
    if not parts:
        return "How far off these predictions typically are is not known: nothing like them was ever compared."
    some = " of those that do not wait for the host" if any(None in values for values in errors.values()) else ""
    return f"A prediction{some} is typically within {words.enumerate_words(parts)}."


def millions(figure: Figure) -> tuple[str, str, str]:
    """Return cells of parameters in millions: computed, published, difference."""
    return _cells(figure, 1e6, 2)


def billions(figure: Figure) -> tuple[str, str, str]:
    """Return cells of MACs in 10^9: computed, published, difference."""
    return _cells(figure, 1e9, 2)


def rates(item: Throughput | None) -> tuple[str, str, str]:
    """Return cells of images per second: predicted, published, difference."""
    if item is None:
        return ABSENT, ABSENT, ""
    figure = item.images_per_second
    theirs = ABSENT if figure.published is None else published(figure.published)
    return rate(figure.computed), theirs, difference(figure, 0)


def published(value: float) -> str:
    """Return a published figure with the digits that it has: "5,190", "20.6", "26"."""
    return f"{round(value, 6):,.6g}"


def rate(value: float | None) -> str:
    """Return images per second without the unit."""
    return ABSENT if value is None else f"{value:,.0f}" if value >= 100 else units.number(value)


def difference(figure: Figure, decimals: int = 1) -> str:
    """Return by how much memprof's figure differs: "+7 %", "−0.3 %"; "" where one is missing."""
    if figure.difference is None:
        return ""
    percent = round(100 * figure.difference, decimals)
    sign = "+" if percent > 0 else MINUS if percent < 0 else ""
    return f"{sign}{abs(percent):.{decimals}f} %"


def accuracy(result: Result) -> str:
    """Return the published accuracy in percent."""
    return ABSENT if result.accuracy is None else f"{result.accuracy:.1f}"


def holds(verdict: Verdict) -> str:
    """Say whether a conclusion holds in prediction."""
    return "not computed" if verdict.holds is None else "yes" if verdict.holds else "no"


def _cells(figure: Figure, unit: float, decimals: int) -> tuple[str, str, str]:
    mine = ABSENT if figure.computed is None else f"{figure.computed / unit:,.{decimals}f}"
    return mine, ABSENT if figure.published is None else published(figure.published / unit), difference(figure)
