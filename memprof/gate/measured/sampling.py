"""One pair of processes, base and head, and what it measures of a workload."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from memprof.gate.measured.plan import Plan
from memprof.gate.measured.processes import MeasuringError, Process
from memprof.gate.measured.protocol import Job, Order, Side
from memprof.gate.measured.worktree import Sides


@dataclass(frozen=True, slots=True)
class PairSample:
    """What one pair of processes found: of each placement the logarithm of head over base, from `rounds` rounds in all.

    The seconds are those of a step, in the middle.
    """

    ratios: tuple[float, ...]
    rounds: int
    base_seconds: float
    head_seconds: float
    resolution: int


class Pair:
    """Two processes that measure in turns; `facts` say how."""

    def __init__(self, base: Process, head: Process, plan: Plan) -> None:
        self._base = base
        self._head = head
        self._plan = plan
        self.facts: Mapping[str, str] = [process.receive() for process in (base, head)][-1].facts

    def sample(self, job: Job, *, head_first: bool) -> PairSample:
        """Measure a workload; `head_first` tells who begins. MeasuringError where that fails."""
        ratios: list[float] = []
        bases: list[float] = []
        heads: list[float] = []
        resolution = 0
        for _ in range(self._plan.placements):
            step_seconds, resolution = self._place(job)
            turn = Order(steps=self._plan.steps(step_seconds))
            rounds = []
            for _ in range(self._plan.rounds(step_seconds)):
                rounds.append(self._round(turn, head_first=head_first))
                head_first = not head_first
            ratios.append(statistics.median(math.log(head / base) for base, head in rounds))
            bases += [base for base, _ in rounds]
            heads += [head for _, head in rounds]
        return PairSample(tuple(ratios), len(bases), statistics.median(bases), statistics.median(heads), resolution)

    def _place(self, job: Job) -> tuple[float, int]:
        """Let both build the model, at the same time; return the seconds of a step, and the resolution."""
        for process in (self._base, self._head):
            process.send(Order(job=job))
        answers, errors = [], []
        for process in (self._base, self._head):
            try:
                answers.append(process.receive())
            except MeasuringError as error:
                errors.append(error)
        if errors:
            raise MeasuringError("; ".join(error.what for error in errors), errors[0].remedy)
        base, head = answers
        if base.resolution != head.resolution:
            raise MeasuringError(
                f"the base's model is made for images of {base.resolution} pixels, the head's for {head.resolution}",
                "name a resolution that both are measured at",
            )
        return max(*base.seconds, *head.seconds), head.resolution

    def _round(self, turn: Order, *, head_first: bool) -> tuple[float, float]:
        """Let each have its turn and return the seconds of a step of the base, and of the head."""
        turns = [self._head, self._base] if head_first else [self._base, self._head]
        seconds = [statistics.median(process.ask(turn).seconds) for process in turns]
        base, head = reversed(seconds) if head_first else seconds
        return base, head


@contextmanager
def start_pair(sides: Sides, plan: Plan, *, head_first: bool) -> Iterator[Pair]:
    """Start a pair of processes, side by side, and end them."""
    with ExitStack() as stack:
        base = Process("base", Side(str(sides.base), str(sides.head), plan.threads), plan, _log(sides, "base"))
        head = Process("head", Side(str(sides.head), "", plan.threads), plan, _log(sides, "head"))
        for process in (head, base) if head_first else (base, head):
            stack.enter_context(process)
        yield Pair(base, head, plan)


def _log(sides: Sides, name: str) -> Path:
    return sides.logs / f"{name}.log"
