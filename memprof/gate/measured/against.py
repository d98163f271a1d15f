"""Measures models of today's code against those of another commit, in turns on this machine."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from statistics import median

from memprof.errors import GateError
from memprof.gate.measured.plan import Plan
from memprof.gate.measured.processes import MeasuringError
from memprof.gate.measured.protocol import Job
from memprof.gate.measured.sampling import Pair, PairSample, start_pair
from memprof.gate.measured.statistics import LOOKS, Estimate, Look, estimate, judge
from memprof.gate.measured.worktree import Sides, check_out
from memprof.gate.records import MeasuredResult, Verdict
from memprof.models.spec import Source, parse
from memprof.workload import check_workload

Progress = Callable[[str], object]
_ANY_RESOLUTION = 224
_HOPELESS = 2.0
"""The first pair is the slowest, since it fills the file caches: only past the limit by this factor is it given up."""


@dataclass(slots=True)
class _Case:
    """A workload under measurement: what its pairs found so far, and why it cannot be measured, where it cannot."""

    job: Job
    samples: list[PairSample] = field(default_factory=list)
    look: Look | None = None
    interval: Estimate | None = None
    verdict: Verdict = Verdict.CANNOT_TELL
    failure: str = ""

    @property
    def is_open(self) -> bool:
        return self.verdict is Verdict.CANNOT_TELL and not self.failure

    def judge(self, look: Look, budget: float) -> None:
        self.look = look
        self.interval = estimate([sample.ratios for sample in self.samples], look)
        self.verdict = judge(self.interval, budget, is_last=False)

    def close(self, budget: float, why: str) -> None:
        if self.interval is None:
            self.failure = why
        else:
            self.verdict = judge(self.interval, budget, is_last=True)


def measure_against(
    models: Sequence[str],
    phases: Sequence[str],
    *,
    batch_size: int,
    resolution: int | None,
    precision: str,
    layout: str,
    ref: str,
    budget: float,
    root: Path,
    inputs: tuple[str, ...] = (),
    plan: Plan | None = None,
    progress: Progress | None = None,
) -> tuple[MeasuredResult, ...]:
    """Measure every model in every phase on the CPU, at `root` as it is and at the commit `ref`.

    `root` is the folder that model files and modules are found from, in a git checkout; `budget` is the fraction by
    which a step may get slower; `inputs` are texts that `ask` reads, in place of images. `progress` is told what is
    being done. A result that cannot tell says why. GateError where there is nothing to measure against; WorkloadError
    or ModelError where what is asked for makes no sense.
    """
    if not 0 < budget < float("inf"):
        raise GateError(f"a measured time cannot keep to a budget of {budget:g}", "allow some noise: 0.05 is 5 %")
    for phase in phases:
        check_workload(
            batch_size=batch_size,
            resolution=resolution or _ANY_RESOLUTION,
            phase=phase,
            precision=precision,
            layout=layout,
        )
    names = [_relative_model(model, root) for model in models]
    cases = [
        _Case(Job(model, phase, batch_size, resolution, precision, layout, inputs))
        for model, phase in product(names, phases)
    ]
    with check_out(root, ref) as sides:
        run = _Run(sides, plan or Plan(), budget, progress or (lambda text: None), cases)
        run.measure()
    return tuple(run.results())


def _relative_model(model: str, root: Path) -> str:
    """Return `model` with the file that it names, if any, relative to `root`, so that each side has its own."""
    spec = parse(model)
    path = Path(spec.name).expanduser()
    if spec.source is not Source.FILE or not path.is_absolute():
        return model
    if not path.resolve().is_relative_to(root.resolve()):
        raise GateError(f"{spec.name} does not lie in {root}", "name a file of the checkout, relative to its folder")
    return f"{path.resolve().relative_to(root.resolve())}:{spec.target}"


class _Run:
    """The measurement of some workloads in the same pairs of processes."""

    def __init__(self, sides: Sides, plan: Plan, budget: float, progress: Progress, cases: Sequence[_Case]) -> None:
        self._sides = sides
        self._plan = plan
        self._budget = budget
        self._progress = progress
        self._cases = cases
        self._limit_seconds = plan.limit_seconds * len(cases)
        self._facts: dict[str, str] = {}
        self._start = time.monotonic()
        self._pairs = 0

    def measure(self) -> None:
        """Add pairs until everything is decided, or time is over."""
        for look in LOOKS:
            while self._open() and self._pairs < look.pairs and self._is_in_time(look):
                self._add_pair()
            if self._pairs < look.pairs:
                break
            for case in self._open():
                case.judge(look, self._budget)
        for case in self._open():
            case.close(self._budget, self._slowness())

    def results(self) -> Iterator[MeasuredResult]:
        """Yield what was found, workload by workload."""
        for case in self._cases:
            yield self._result(case)

    def _open(self) -> list[_Case]:
        return [case for case in self._cases if case.is_open]

    def _is_in_time(self, look: Look) -> bool:
        """Tell whether there is time for as many pairs as at `look`: for fewer there is no use."""
        factor = _HOPELESS if look is LOOKS[0] else 1.0
        spent = time.monotonic() - self._start
        return spent < self._limit_seconds and self._seconds(look, spent) < factor * self._limit_seconds

    def _seconds(self, look: Look, spent: float) -> float:
        return spent / self._pairs * look.pairs if self._pairs else 0.0

    def _slowness(self) -> str:
        look = LOOKS[0]
        seconds = self._seconds(look, time.monotonic() - self._start)
        return (
            f"{look.pairs} pairs of processes would take about {seconds:.0f} s, and the limit is "
            f"{self._limit_seconds:.0f} s: measure a smaller model or batch, or allow more time"
        )

    def _add_pair(self) -> None:
        waiting = self._open()
        while waiting:
            try:
                with start_pair(self._sides, self._plan, head_first=self._pairs % 2 == 1) as pair:
                    self._facts = dict(pair.facts)
                    self._sample(pair, waiting)
            except MeasuringError as error:  # of the one whose turn it was; the others get new processes
                waiting.pop(0).failure = str(error)
        self._pairs += 1

    def _sample(self, pair: Pair, waiting: list[_Case]) -> None:
        while waiting:
            self._progress(f"measuring {waiting[0].job}: pair {self._pairs + 1} of at most {LOOKS[-1].pairs}")
            waiting[0].samples.append(pair.sample(waiting[0].job, head_first=self._pairs % 2 == 1))
            waiting.pop(0)

    def _result(self, case: _Case) -> MeasuredResult:
        job = case.job
        samples = case.samples[: case.look.pairs] if case.look and not case.failure else []
        interval = case.interval if samples else None
        return MeasuredResult(
            model=job.model,
            phase=job.phase,
            batch_size=job.batch_size,
            base=self._sides.base_name,
            head=self._sides.head_name,
            rounds=sum(sample.rounds for sample in samples),
            base_seconds=median(sample.base_seconds for sample in samples) if samples else 0.0,
            head_seconds=median(sample.head_seconds for sample in samples) if samples else 0.0,
            ratio=interval.ratio if interval else 0.0,
            low=interval.low if interval else 0.0,
            high=interval.high if interval else 0.0,
            noise=interval.noise if interval else 0.0,
            budget=self._budget,
            verdict=case.verdict if interval else Verdict.CANNOT_TELL,
            reasons=_reasons(case, len(samples), self._budget),
            settings=self._settings(case, len(samples)),
        )

    def _settings(self, case: _Case, pairs: int) -> dict[str, str]:
        job = case.job
        resolution = next((sample.resolution for sample in case.samples), job.resolution)
        what, given = "resolution", str(resolution or "the model's own")
        if job.inputs:
            what, given = "inputs", ", ".join(job.inputs)
        return {
            **self._plan.environment(),
            **self._facts,
            "garbage collection": "off",
            "pairs of processes": str(pairs),
            "placements": str(self._plan.placements),
            what: given,
            "precision": job.precision,
            "layout": job.layout,
        }


def _reasons(case: _Case, pairs: int, budget: float) -> tuple[str, ...]:
    if case.failure:
        return (case.failure,)
    if case.interval is None:
        return ("nothing was measured",)
    interval = case.interval
    between = f"between {_change(interval.low)} and {_change(interval.high)}"
    if case.verdict is Verdict.REGRESSED:
        return (f"a step takes {_change(interval.ratio)}, {between}; {_percent(budget)} longer is allowed",)
    if case.verdict is Verdict.PASSED:
        return ()
    if interval.noise > budget / 2:
        return (
            f"after {pairs} pairs of processes the change still lies {between}: noise is too large to tell whether "
            f"it is more than the {_percent(budget)} that are allowed",
        )
    return (f"the change lies {between}, too near to the {_percent(budget)} that are allowed to tell",)


def _change(ratio: float) -> str:
    """Say how much longer or less a step takes."""
    return f"{_percent(abs(ratio - 1))} {'longer' if ratio >= 1 else 'less'}"


def _percent(fraction: float) -> str:
    return f"{fraction * 100:.3g} %"
