"""A paper's tables with what memprof computes beside what was published, and whether its conclusions hold."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import median

from memprof.papers.analysing import Answers, Predicted, sized, workloads_of
from memprof.papers.complexity import Complexity
from memprof.papers.records import Claim, Condition, LeftOut, Paper, PaperTable, Row
from memprof.report.json_text import indented_json
from memprof.validation.statistics import rank_correlation
from memprof.vocabulary import INFER, TRAIN

SCHEMA = "memprof.reproduction/1"


@dataclass(frozen=True, slots=True)
class Figure:
    """A quantity that was published, as `published`, and what memprof makes of it, `computed`; None where missing."""

    published: float | None
    computed: float | None

    @property
    def difference(self) -> float | None:
        """Return how much more is computed than was published, as a fraction."""
        return self.computed / self.published - 1 if self.computed and self.published else None


@dataclass(frozen=True, slots=True)
class Throughput:
    """Images per second under a condition in a phase: published, and predicted in the faster layout.

    `relative_error` is how far such a prediction is typically off, None where that is not known.
    """

    condition: str
    phase: str
    images_per_second: Figure
    layout: str
    relative_error: float | None


@dataclass(frozen=True, slots=True)
class Result:
    """A row: `accuracy` is published, never computed; `missing` says why there are no figures of memprof's."""

    label: str
    model: str
    resolution: str
    parameters: Figure
    macs_per_image: Figure
    throughputs: tuple[Throughput, ...]
    accuracy: float | None
    missing: str = ""

    def throughput(self, condition: str, phase: str) -> Throughput | None:
        """Return a throughput, None where none was published."""
        return next((item for item in self.throughputs if (item.condition, item.phase) == (condition, phase)), None)


@dataclass(frozen=True, slots=True)
class Agreement:
    """How well predictions tell a table's order: Spearman's rank correlation, and pairs of rows in the same order.

    `median_error` is the median of |predicted / published - 1|. Rows of one network count once.
    """

    condition: str
    phase: str
    rows: int
    spearman: float | None
    pairs: int
    same_order: int
    median_error: float


@dataclass(frozen=True, slots=True)
class ResultTable:
    """A table with a result for each row."""

    name: str
    number: str
    title: str
    quality: str
    note: str
    results: tuple[Result, ...]
    agreements: tuple[Agreement, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """A conclusion of the paper: how many times as fast, published and predicted; whether the order is the same."""

    text: str
    condition: str
    phase: str
    published_ratio: float
    predicted_ratio: float | None

    @property
    def holds(self) -> bool | None:
        """Return whether what was faster is predicted to be faster; None where one of both is not predicted."""
        return None if self.predicted_ratio is None else self.predicted_ratio > 1


@dataclass(frozen=True, slots=True)
class Reproduction:
    """All of a paper that can be computed; `figure_tables` hold the points of its figure."""

    schema: str
    name: str
    title: str
    reference: str
    source: str
    figure: str
    figure_condition: str
    figure_tables: tuple[str, ...]
    conditions: tuple[Condition, ...]
    tables: tuple[ResultTable, ...]
    complexity: tuple[Complexity, ...]
    verdicts: tuple[Verdict, ...]
    left_out: tuple[LeftOut, ...]

    def condition(self, name: str) -> Condition:
        """Return a condition by its name."""
        return next(item for item in self.conditions if item.name == name)

    def to_json(self) -> str:
        """Return the record as indented JSON text, ending in a newline."""
        return indented_json(self).decode()


def reproduce(paper: Paper, answers: Answers, complexity: Sequence[Complexity]) -> Reproduction:
    """Hold what was predicted for a paper's workloads beside what it published."""
    tables = tuple(_table(paper, table, answers) for table in paper.tables)
    return Reproduction(
        schema=SCHEMA,
        name=paper.name,
        title=paper.title,
        reference=paper.reference,
        source=paper.source,
        figure=paper.figure,
        figure_condition=paper.figure_condition,
        figure_tables=paper.figure_tables,
        conditions=paper.conditions,
        tables=tables,
        complexity=tuple(complexity),
        verdicts=tuple(_verdict(claim, tables) for claim in paper.claims),
        left_out=paper.left_out,
    )


def _table(paper: Paper, table: PaperTable, answers: Answers) -> ResultTable:
    results = tuple(_result(paper, row, answers) for row in table.rows)
    agreements = (agreement(item.name, phase, results) for item in paper.conditions for phase in (TRAIN, INFER))
    return ResultTable(
        table.name,
        table.number,
        table.title,
        table.quality,
        table.note,
        results,
        tuple(item for item in agreements if item is not None),
    )


def _result(paper: Paper, row: Row, answers: Answers) -> Result:
    size = answers[sized(paper, row)] if row.model else None
    known = size if isinstance(size, Predicted) else None
    reason = "" if known or size is None else getattr(size, "reason", "")
    return Result(
        label=row.label,
        model=row.model,
        resolution=row.resolution,
        parameters=Figure(row.parameters, None if known is None else float(known.parameters)),
        macs_per_image=Figure(row.macs_per_image, None if known is None else known.macs_per_image),
        throughputs=tuple(_throughputs(paper, row, answers)),
        accuracy=row.accuracy,
        missing=reason if row.model else "memprof and timm build no such network",
    )


def _throughputs(paper: Paper, row: Row, answers: Answers) -> Iterator[Throughput]:
    for condition in paper.conditions:
        for phase in (TRAIN, INFER):
            published = row.rate(condition.name, phase)
            if published is not None:
                best = _faster(row, condition, phase, answers)
                yield Throughput(
                    condition.name,
                    phase,
                    Figure(published, None if best is None else best.images_per_second),
                    best.layout if best else "",
                    best.relative_error if best else None,
                )


def _faster(row: Row, condition: Condition, phase: str, answers: Answers) -> Predicted | None:
    """Return the faster layout's prediction; None where a layout has none, since the faster is not known then."""
    if not row.model:
        return None
    found = [answers[item] for item in workloads_of(row, condition, phase)]
    known = [item for item in found if isinstance(item, Predicted)]
    return min(known, key=lambda item: item.seconds) if len(known) == len(found) else None


def agreement(condition: str, phase: str, results: Sequence[Result]) -> Agreement | None:
    """Return how well a table's order is told; None for fewer than three networks."""
    found: dict[str, tuple[float, float]] = {}
    for result in results:
        item = result.throughput(condition, phase)
        if item and item.images_per_second.computed and item.images_per_second.published:
            found.setdefault(result.model, (item.images_per_second.computed, item.images_per_second.published))
    if len(found) < 3:
        return None
    predicted, published = zip(*found.values(), strict=True)
    apart = [(one, other) for one, other in combinations(found.values(), 2) if one[1] != other[1]]
    return Agreement(
        condition,
        phase,
        len(found),
        rank_correlation(predicted, published),
        len(apart),
        sum((one[0] > other[0]) == (one[1] > other[1]) for one, other in apart),
        median(abs(mine / theirs - 1) for mine, theirs in found.values()),
    )


def _verdict(claim: Claim, tables: Sequence[ResultTable]) -> Verdict:
    table = next(item for item in tables if item.name == claim.table)

    def rate(label: str, choose: Callable[[Figure], float | None]) -> float | None:
        result = next(item for item in table.results if item.label == label)
        found = result.throughput(claim.condition, claim.phase)
        return choose(found.images_per_second) if found else None

    published = [rate(label, lambda figure: figure.published) for label in (claim.faster, claim.slower)]
    mine = [rate(label, lambda figure: figure.computed) for label in (claim.faster, claim.slower)]
    assert published[0]
    assert published[1]
    return Verdict(
        claim.text,
        claim.condition,
        claim.phase,
        published[0] / published[1],
        mine[0] / mine[1] if mine[0] and mine[1] else None,
    )
