"""One operator over ranges of its parameters: predicted and measured time, what binds it, what decompositions save."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from memprof import units, words
from memprof.models.lone import KERNEL, Plan, Setting, field, label
from memprof.report.groups import share
from memprof.report.json_text import indented_json
from memprof.report.labels import host_name
from memprof.report.record import OperatorRow, Report
from memprof.vocabulary import Phase

SCHEMA = "memprof.operator/1"
STUDIED = "operator"
"""The module of the analysed network whose rows are those of the operator."""


@dataclass(frozen=True, slots=True)
class Pass:
    """Forward or backward of one setting; `seconds` is predicted, `measured_seconds` None where nothing was measured.

    `bound` is what sets most of the predicted time, `relative_error` how far off that typically is, where it is known.
    """

    seconds: float
    roofline_seconds: float
    flops: float
    dram_bytes: float
    l2_bytes: float
    l1_bytes: float
    launches: int
    bound: str
    relative_error: float | None = None
    measured_seconds: float | None = None

    @property
    def intensity(self) -> float | None:
        """Return FLOPs per byte at DRAM."""
        return self.flops / self.dram_bytes if self.dram_bytes else None


@dataclass(frozen=True, slots=True)
class Point:
    """One setting: its values, what it is called among several variants, and its passes.

    `receptive_field` is in pixels a side, None where the operator is no decomposition of a kernel.
    """

    values: tuple[tuple[str, int], ...]
    variant: str
    parameters: int
    receptive_field: int | None
    forward: Pass
    backward: Pass

    @property
    def seconds(self) -> float:
        """Return the predicted seconds of both passes."""
        return self.forward.seconds + self.backward.seconds

    def value(self, name: str) -> int:
        """Return the value of a parameter."""
        return dict(self.values)[name]


@dataclass(frozen=True, slots=True)
class Study:
    """An operator at many settings on a device; `varied` are the parameters with several values, with these."""

    schema: str
    operator: str
    title: str
    inputs: str
    varied: tuple[tuple[str, tuple[int, ...]], ...]
    fixed: tuple[tuple[str, int], ...]
    points: tuple[Point, ...]
    device_name: str
    device_title: str
    device_family: str
    memory_bytes_per_second: tuple[tuple[str, float], ...]
    peak_flops_per_second: tuple[tuple[str, float], ...]
    precision: str
    layout: str
    measured_on: str
    sentences: tuple[str, ...]
    host: str = ""
    stack: str = ""

    @property
    def variants(self) -> tuple[str, ...]:
        """Return the variants in order; () where there are none."""
        return tuple(dict.fromkeys(point.variant for point in self.points if point.variant))

    def to_json(self) -> str:
        """Return the record as indented JSON text, ending in a newline."""
        return indented_json(self).decode()


Measured = tuple[float, float | None] | None


def collect(
    plan: Plan, reports: Sequence[Report], measured: Sequence[Measured], measured_on: str = "", inputs: str = ""
) -> Study:
    """Put the reports of a plan's settings together, with the seconds that were measured of each, if any."""
    first = reports[0]
    points = tuple(
        _point(setting, report, seconds)
        for setting, report, seconds in zip(plan.settings, reports, measured, strict=True)
    )
    return Study(
        schema=SCHEMA,
        operator=plan.operator,
        title=plan.title,
        inputs=inputs,
        varied=plan.varied,
        fixed=plan.fixed,
        points=points,
        device_name=first.device.name,
        device_title=first.device.title,
        device_family=first.device.family,
        memory_bytes_per_second=tuple(first.device.memory_bytes_per_second.items()),
        peak_flops_per_second=tuple(first.device.peak_flops_per_second.items()),
        precision=first.workload.precision,
        layout=first.workload.layout,
        measured_on=measured_on,
        sentences=tuple(_sentences(plan, points, first.device.family)),
        host=host_name(first),
        stack=first.workload.stack,
    )


def _point(setting: Setting, report: Report, measured: Measured) -> Point:
    rows = [row for row in report.operators if row.module.partition(".")[0] == STUDIED]
    forward, backward = measured or (None, None)
    kernel = dict(setting.values).get(KERNEL, 0)
    return Point(
        values=setting.values,
        variant=label(setting.variant, kernel),
        parameters=report.totals.parameters - 1,  # the number that the layer before adds
        receptive_field=field(setting.variant, kernel) if setting.variant else None,
        forward=_pass([row for row in rows if row.phase == Phase.FORWARD], forward),
        backward=_pass([row for row in rows if row.phase == Phase.BACKWARD], backward),
    )


def _pass(rows: Sequence[OperatorRow], measured: float | None) -> Pass:
    seconds: dict[str, float] = {}
    for row in rows:
        seconds[row.bound] = seconds.get(row.bound, 0.0) + row.seconds
    errors = [(row.seconds, row.relative_error) for row in rows]
    known = [error for _, error in errors if error is not None]
    return Pass(
        seconds=sum(row.seconds for row in rows),
        roofline_seconds=sum(row.roofline_seconds for row in rows),
        flops=sum(row.flops for row in rows),
        dram_bytes=sum(row.dram_bytes for row in rows),
        l2_bytes=sum(row.l2_bytes for row in rows),
        l1_bytes=sum(row.l1_bytes for row in rows),
        launches=sum(row.launches for row in rows),
        bound=max(seconds, key=seconds.__getitem__, default=""),
        relative_error=known[0] if len(rows) == 1 and known else None,
        measured_seconds=measured,
    )


def _sentences(plan: Plan, points: Sequence[Point], family: str) -> list[str]:
    if points[0].variant:
        largest = max(dict(setting.values).get(KERNEL, 0) for setting in plan.settings)
        here = [point for point in points if point.value(KERNEL) == largest]
        return [_saving(here[0], point) for point in here[1:]]
    if len(plan.varied) == 1:
        name = plan.varied[0][0]
        found = [_growth(name, points)]
        return found + [
            _bounds(name, what, [(point, getattr(point, what)) for point in points], family)
            for what in ("forward", "backward")
            if getattr(points[0], what).bound
        ]
    if len(plan.varied) == 2:
        slow, fast = (choose(points, key=lambda point: point.seconds) for choose in (max, min))
        return [
            f"Forward and backward together take {units.seconds(fast.seconds)} at least, at {_at(plan, fast)}, and "
            f"{units.seconds(slow.seconds)} at most, at {_at(plan, slow)} (predicted)."
        ]
    return []


def _at(plan: Plan, point: Point) -> str:
    return " and ".join(f"{name.replace('_', ' ')} {point.value(name)}" for name, _ in plan.varied)


def _growth(name: str, points: Sequence[Point]) -> str:
    first, last = points[0], points[-1]
    parts = [
        f"{what} goes from {units.seconds(before.seconds)} to {units.seconds(after.seconds)} "
        f"({units.ratio(share(after.seconds, before.seconds))})"
        for what, before, after in (
            ("forward", first.forward, last.forward),
            ("backward", first.backward, last.backward),
        )
        if before.bound
    ]
    grown = [
        f"{what} to {units.ratio(share(after, before))}"
        for what, before, after in (
            ("FLOPs", first.forward.flops, last.forward.flops),
            ("DRAM bytes", first.forward.dram_bytes, last.forward.dram_bytes),
        )
        if before
    ]
    shown = name.replace("_", " ")
    return (
        f"From {shown} {first.value(name)} to {last.value(name)} the predicted {' and '.join(parts)}; "
        f"of the forward pass {' and '.join(grown)}."
    )


def _bounds(name: str, what: str, passes: Sequence[tuple[Point, Pass]], family: str) -> str:
    """Say what binds a pass, and from where on something else does."""
    start = words.short_bound(passes[0][1].bound, family)
    taken = [
        f"{words.short_bound(after.bound, family)} from {name.replace('_', ' ')} {point.value(name)} on"
        for (_, before), (point, after) in pairwise(passes)
        if before.bound != after.bound
    ]
    return f"{what.capitalize()}: bound by {start}{' throughout' if not taken else ', by ' + ', by '.join(taken)}."


def _saving(whole: Point, other: Point) -> str:
    """Say what a decomposition saves of the whole kernel, in forward and backward together."""
    pairs = (
        ("FLOPs", _both(whole, "flops"), _both(other, "flops")),
        ("DRAM bytes", _both(whole, "dram_bytes"), _both(other, "dram_bytes")),
        ("predicted time", whole.seconds, other.seconds),
    )
    parts = [f"{units.ratio(share(after, before))} the {what}" for what, before, after in pairs if before]
    return (
        f"{other.variant}: {words.enumerate_words(parts)} of {whole.variant}, forward and backward, and sees "
        f"{other.receptive_field} pixels a side."
    )


def _both(point: Point, what: str) -> float:
    return float(getattr(point.forward, what)) + float(getattr(point.backward, what))
