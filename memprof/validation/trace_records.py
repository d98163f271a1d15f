"""A trace held against the simulation of its model: one record per operator call and pass, and what was left out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from memprof.report.record import Workload
from memprof.validation.statistics import Errors, errors


@dataclass(frozen=True, slots=True)
class PassCase:
    """A pass of an operator call: seconds that its kernels took in the trace, the mean of its steps, and predicted.

    `operator` is the family ("convolution", "batch_norm_backward"), `kind`, `module`, `shapes` and `bound` are the
    simulation's. `pass_name` is "forward", "data gradient", "weight gradient", "backward" (of operators with one pass)
    or "optimizer"; `kernels` are the names of what ran in the first step, in order.
    """

    operator: str
    kind: str
    pass_name: str
    module: str
    shapes: tuple[tuple[int, ...], ...]
    measured_seconds: float
    predicted_seconds: float
    roofline_seconds: float
    bound: str
    kernels: tuple[str, ...]

    @property
    def ratio(self) -> float | None:
        """Return predicted over measured seconds; None where the trace's clock is too coarse for its kernels."""
        return self.predicted_seconds / self.measured_seconds if self.measured_seconds else None


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Calls that do not line up, and why: calls and seconds per step on each side.

    `shapes` are those of their inputs that are no vectors, where calls are lined up by shapes.
    """

    operator: str
    phase: str
    shapes: tuple[tuple[int, ...], ...]
    measured_calls: float
    simulated_calls: int
    measured_seconds: float
    predicted_seconds: float
    reason: str


@dataclass(frozen=True, slots=True)
class TraceValidation:
    """A trace's passes in the order of the simulation, and what was left out, longest first. Seconds are per step.

    `by_shapes` tells how calls were lined up: by their shapes, else by their order. `measured_seconds` is all that the
    device ran but communication, which stands apart; `predicted_seconds` is the whole simulated step's. `unsplit`
    counts backward calls whose kernels do not tell their passes apart, which are one case each.
    """

    origin: str
    workload: Workload
    device: str
    steps: int
    by_shapes: bool
    cases: tuple[PassCase, ...]
    left_out: tuple[LeftOut, ...]
    measured_seconds: float
    predicted_seconds: float
    communication_seconds: float
    unsplit: int

    @property
    def predicted(self) -> tuple[PassCase, ...]:
        """Return the cases that have a ratio."""
        return tuple(case for case in self.cases if case.ratio)


@dataclass(frozen=True, slots=True)
class PassErrors:
    """The errors of passes of one kind of operators: "" for all kinds, and `pass_name` "" for all passes of a kind.

    The seconds are what all of them take in a step.
    """

    kind: str
    pass_name: str
    measured_seconds: float
    predicted_seconds: float
    errors: Errors


def pass_errors(cases: Sequence[PassCase]) -> tuple[PassErrors, ...]:
    """Return the errors of all cases, then of each kind, the longest first, and of its passes where it has several."""
    groups = [_group("", "", cases)]
    for kind, own in _longest_first(cases, lambda case: case.kind):
        groups.append(_group(kind, "", own))
        parts = _longest_first(own, lambda case: case.pass_name)
        groups += [_group(kind, name, part) for name, part in parts if len(parts) > 1]
    return tuple(groups)


def _longest_first(cases: Sequence[PassCase], key: Callable[[PassCase], str]) -> list[tuple[str, list[PassCase]]]:
    groups: dict[str, list[PassCase]] = {}
    for case in cases:
        groups.setdefault(key(case), []).append(case)
    return sorted(groups.items(), key=lambda item: -sum(case.measured_seconds for case in item[1]))


def _group(kind: str, pass_name: str, cases: Sequence[PassCase]) -> PassErrors:
    judged = [case for case in cases if case.ratio]
    return PassErrors(
        kind,
        pass_name,
        sum(case.measured_seconds for case in cases),
        sum(case.predicted_seconds for case in cases),
        errors([case.predicted_seconds for case in judged], [case.measured_seconds for case in judged]),
    )
