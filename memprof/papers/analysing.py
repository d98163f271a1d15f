"""Predicts what a paper measured: every workload once, whichever tables it is in, in processes of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from memprof.errors import MemprofError
from memprof.papers.records import Condition, Paper, Row
from memprof.validation.processes import Failure, map_in_processes
from memprof.vocabulary import CHANNELS_LAST, INFER, LAYOUTS, PHASES, TRAIN

Progress = Callable[[int, int], None]
"""Told how many of how many workloads are done."""


@dataclass(frozen=True, slots=True)
class Workload:
    """A step to predict; `resolution` as "224" or "512x2048"."""

    model: str
    resolution: str
    batch_size: int
    phase: str
    layout: str
    device: str
    precision: str
    stack: str


@dataclass(frozen=True, slots=True)
class Predicted:
    """What is predicted for a workload; `relative_error` is how far the time is typically off, None where unknown."""

    parameters: int
    macs_per_image: float
    layout: str
    seconds: float
    images_per_second: float
    relative_error: float | None


Answers = Mapping[Workload, Predicted | Failure]


def predict(paper: Paper, *, jobs: int, progress: Progress | None = None) -> Answers:
    """Predict all that a paper published a figure for, in up to `jobs` processes; the same for any number of them."""
    workloads = _longest_first(dict.fromkeys(item for row in rows_of(paper) for item in wanted(paper, row)))
    answers: dict[Workload, Predicted | Failure] = {}
    for done, (index, answer) in enumerate(map_in_processes(analyse, workloads, jobs), 1):
        answers[workloads[index]] = answer
        if progress is not None:
            progress(done, len(workloads))
    return answers


def rows_of(paper: Paper) -> Iterator[Row]:
    """Yield the rows of all tables."""
    for table in paper.tables:
        yield from table.rows


def wanted(paper: Paper, row: Row) -> tuple[Workload, ...]:
    """Return what to predict for a row: a step for each published throughput, and one that tells its size."""
    if not row.model:
        return ()
    rates = [
        item
        for condition in paper.conditions
        for phase in PHASES
        if row.rate(condition.name, phase) is not None
        for item in workloads_of(row, condition, phase)
    ]
    return (*rates, sized(paper, row))


def workloads_of(row: Row, condition: Condition, phase: str) -> tuple[Workload, ...]:
    """Return the steps that tell a throughput: one in each layout, of which the faster counts."""
    layouts = (condition.layout,) if condition.layout else LAYOUTS
    return tuple(
        Workload(
            row.model,
            condition.resolution or row.resolution,
            condition.batch_size,
            phase,
            layout,
            condition.device,
            condition.precision,
            condition.stack,
        )
        for layout in layouts
    )


def sized(paper: Paper, row: Row) -> Workload:
    """Return a step that tells the size of a row's network and its MACs: one that is predicted anyway, if there is."""
    for condition in paper.conditions:
        if row.rate(condition.name, INFER) is not None and condition.resolution in ("", row.resolution):
            return workloads_of(row, condition, INFER)[-1]
    first = paper.conditions[0]
    return Workload(
        row.model, row.resolution, 1, INFER, CHANNELS_LAST, first.device, first.precision, first.stack
    )


def analyse(workload: Workload) -> Predicted | Failure:
    """Analyse a workload; runs in a process of its own."""
    from memprof.analysis.asking import ask, read_resolution

    try:
        asked = ask((), read_resolution(workload.resolution), workload.batch_size)
        (report,) = asked.analyze(
            workload.model,
            [workload.device],
            phase=workload.phase,
            precision=workload.precision,
            layout=workload.layout,
            stack=workload.stack,
        )
    except MemprofError as error:
        return Failure(error.what)
    totals = report.totals
    return Predicted(
        totals.parameters,
        totals.macs_per_image,
        workload.layout,
        totals.seconds,
        totals.images_per_second,
        totals.relative_error,
    )


def _longest_first(workloads: Sequence[Workload] | Mapping[Workload, None]) -> list[Workload]:
    """Put training before inference, so that no process is left alone with the longest step at the end."""
    return sorted(workloads, key=lambda item: item.phase != TRAIN)
