"""Predicts the throughput of networks on several devices: each simulated once, in processes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from memprof.errors import MemprofError
from memprof.frontier.records import Accuracy
from memprof.validation.processes import Failure, map_in_processes

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Plan:
    """What is the same for all networks: devices with their precisions, and the step."""

    devices: tuple[tuple[str, str], ...]
    phase: str
    batch_size: int
    layouts: tuple[str, ...]
    stack: str
    host: str


@dataclass(frozen=True, slots=True)
class Predicted:
    """A network's step on one device."""

    images_per_second: float
    layout: str
    relative_error: float | None
    fits: bool | None


@dataclass(frozen=True, slots=True)
class _Order:
    model: str
    resolution: int
    plan: Plan


Answer = tuple[Predicted, ...] | Failure
"""A prediction for each device, in the plan's order."""


def predict(
    rows: Sequence[Accuracy], plan: Plan, *, jobs: int, progress: Progress | None = None
) -> dict[tuple[str, int], Answer]:
    """Predict each network at each resolution on all devices, in up to `jobs` processes."""
    places = list(dict.fromkeys((row.model, row.resolution) for row in rows))
    orders = [_Order(model, resolution, plan) for model, resolution in places]
    answers: dict[tuple[str, int], Answer] = {}
    for done, (index, answer) in enumerate(map_in_processes(analyse, orders, jobs), 1):
        answers[places[index]] = answer
        if progress is not None:
            progress(done, len(orders))
    return answers


def analyse(order: _Order) -> Answer:
    """Analyse one network; runs in a process of its own."""
    from memprof.analysis.steps import Step, Steps

    plan = order.plan
    try:
        steps = Steps(order.model)
        found = []
        for device, precision in plan.devices:
            each = []
            for layout in plan.layouts:
                step = Step(
                    device, precision, plan.batch_size, order.resolution, plan.phase, layout, plan.stack, plan.host
                )
                totals = steps.totals(step)
                each.append(Predicted(totals.images_per_second, layout, totals.relative_error, steps.fits(step)))
            found.append(max(each, key=lambda item: item.images_per_second))
    except MemprofError as error:
        return Failure(error.what)
    return tuple(found)
