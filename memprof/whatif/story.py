"""The story of the depthwise convolution in ConvNeXt-T, from reports of a training step: five pictures' figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from memprof.comparisons.contributions import Difference, split
from memprof.report.digest import Digest, digest
from memprof.report.groups import Group
from memprof.report.record import Report
from memprof.vocabulary import MEMORY_LEVELS, Kind

MODEL, AGAINST = "convnext_t", "inceptionnext_t"
KERNELS = (3, 7, 11, 15, 23, 31)
"""Sides of the depthwise convolution that the third picture has; 7 is ConvNeXt's own."""


@dataclass(frozen=True, slots=True)
class Shares:
    """What one kind of operator takes of a step's FLOPs and of its predicted time, as fractions."""

    kind: str
    flops_share: float
    time_share: float


@dataclass(frozen=True, slots=True)
class Levels:
    """The depthwise convolutions that take longest in the forward pass: seconds in a step.

    `ceilings` has what each ceiling alone would take, at a memory level or an engine; `seconds` is predicted,
    `roofline_seconds` the least, `shapes` those of the inputs.
    """

    name: str
    shapes: tuple[tuple[int, ...], ...]
    calls: int
    ceilings: Mapping[str, float]
    roofline_seconds: float
    seconds: float
    bound: str


@dataclass(frozen=True, slots=True)
class Kernel:
    """A step with depthwise convolutions of one size: seconds of it and of these, and their FLOPs."""

    size: int
    seconds: float
    depthwise_seconds: float
    depthwise_flops: float
    flops: float


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Both models on one device: seconds of a step, and what depthwise convolutions take of them."""

    device_title: str
    seconds: float
    depthwise_seconds: float
    against_seconds: float
    against_depthwise_seconds: float


@dataclass(frozen=True, slots=True)
class Story:
    """The five pictures, of training steps on the first device but for the last; all of it predicted."""

    model: str
    against: str
    device_title: str
    device_family: str
    batch_size: int
    shares: tuple[Shares, ...]
    levels: Levels | None
    kernels: tuple[Kernel, ...]
    difference: Difference
    devices: tuple[Elsewhere, ...]


def tell(reports: Sequence[Report], against: Sequence[Report], kernels: Mapping[int, Report]) -> Story:
    """Return the story of both models' training steps, on one device after another, and of other kernels on the first.

    `reports` and `against` have the same devices in the same order.
    """
    read, other = digest(reports[0]), digest(against[0])
    return Story(
        model=reports[0].workload.model,
        against=against[0].workload.model,
        device_title=reports[0].device.title,
        device_family=reports[0].device.family,
        batch_size=reports[0].workload.batch_size,
        shares=tuple(Shares(kind.name, kind.flops_share, kind.time_share) for kind in read.kinds),
        levels=_levels(read),
        kernels=tuple(_kernel(size, report) for size, report in sorted(kernels.items())),
        difference=split(read, other),
        devices=tuple(
            Elsewhere(one.device.title, one.totals.seconds, _depthwise(one), two.totals.seconds, _depthwise(two))
            for one, two in zip(reports, against, strict=True)
        ),
    )


def _levels(read: Digest) -> Levels | None:
    found = [group for group in read.operators if group.kind == Kind.DEPTHWISE and group.rows[0].phase == "forward"]
    if not found:
        return None
    group = max(found, key=lambda item: item.time_seconds)
    row = group.rows[0]
    return Levels(
        name=row.name,
        shapes=row.input_shapes,
        calls=group.calls,
        ceilings=_ceilings(group, read.report),
        roofline_seconds=group.roofline_seconds,
        seconds=group.seconds,
        bound=group.bound,
    )


def _ceilings(group: Group, report: Report) -> dict[str, float]:
    """Return the seconds that each ceiling alone would let the group take."""
    rates, peaks = report.device.memory_bytes_per_second, report.device.peak_flops_per_second
    found = {level: group.bytes_at(level) / rates[level] for level in MEMORY_LEVELS if rates.get(level)}
    engine = group.rows[0].engine
    return {**found, engine: group.flops / peaks[engine]} if peaks.get(engine) else found


def _kernel(size: int, report: Report) -> Kernel:
    rows = [row for row in report.operators if row.kind == Kind.DEPTHWISE]
    return Kernel(
        size,
        report.totals.seconds,
        sum((row.seconds for row in rows), 0.0),
        sum((row.flops for row in rows), 0.0),
        report.totals.flops,
    )


def _depthwise(report: Report) -> float:
    return sum((row.seconds for row in report.operators if row.kind == Kind.DEPTHWISE), 0.0)
