"""The words on and around a roofline plot, the same in the PNG and on the page."""

from __future__ import annotations

from collections.abc import Sequence

from memprof import units, words
from memprof.report.digest import Digest
from memprof.report.labels import differences
from memprof.reports.roofline.geometry import Plot, Point, Roof
from memprof.vocabulary import TENSOR, UNBOUND

X_AXIS = "arithmetic intensity: FLOP per byte of the memory that binds (of DRAM where arithmetic binds)"
SHORT_X_AXIS = "FLOP per byte of the memory that binds"
SHORT_Y_AXIS = "FLOP/s"
RAIL = "no FLOPs"
NO_PLOT = "No operator was recorded with shapes: there is nothing to hold against a roof, and no roofline to draw."
_WORTH_A_LABEL = 0.03
_MOST_LABELS, _FEW_LABELS = 7, 4


def reading_guide(digests: Sequence[Digest], *, ceilings: bool = False, beyond: bool = False) -> str:
    """Say what a bubble, its size, its ring or arrow, a short dashed line and an arrow at the edge stand for."""
    return (
        _bubbles(digests)
        + (" Dashed: what issue or latency leaves." if ceilings else "")
        + (" At the edge: less than 0.1 % of the time, beyond it." if beyond else "")
    )


def _bubbles(digests: Sequence[Digest]) -> str:
    names = _names(digests)
    if names == {"measured"}:
        return (
            "Bubble: like operators at their measured speed; area: share of the measured time. Arrow: to the most that "
            "the roofs allow (slanted: memory, flat: arithmetic)."
        )
    speed = " or ".join(sorted(names))
    end = "Ring, or arrow from what was measured" if "measured" in names else "Ring"
    return (
        f"Bubble: like operators at their {speed} speed; area: share of the {speed} time. {end}: the most that the "
        "roofs allow (slanted: memory, flat: arithmetic)."
    )


def y_axis(digests: Sequence[Digest]) -> str:
    """Name the upward axis: whose speed the bubbles are at."""
    names = _names(digests)
    ends = "arrows" if names == {"measured"} else "rings, arrows" if "measured" in names else "rings"
    return f"FLOP/s: {' or '.join(sorted(names))} (bubbles) and at most ({ends})"


def _names(digests: Sequence[Digest]) -> set[str]:
    """Return what the reports' times are: "measured", "predicted", or "least possible"."""
    return {digest.time.adjective for digest in digests}


def subtitle(digests: Sequence[Digest]) -> str:
    """Say what was analysed on which device; for one report also the measured or predicted time."""
    first = digests[0]
    models = ", ".join(dict.fromkeys(digest.report.workload.model for digest in digests))
    devices = ", ".join(dict.fromkeys(digest.device.title for digest in digests))
    differing = differences([digest.report for digest in digests])
    parts = [models, "different workloads" if differing else first.workload, devices]
    if len(digests) == 1:
        parts.append(_times(first))
    return "  ·  ".join(parts)


def mark(digests: Sequence[Digest]) -> str:
    """Return what must meet the eye: "THROTTLED" where any device was slowed down, else ""."""
    return "THROTTLED" if any(digest.is_throttled for digest in digests) else ""


def _times(digest: Digest) -> str:
    total, noun = digest.totals, digest.noun
    predicted = f"predicted {units.seconds(digest.predicted_step_seconds)} a step"
    if digest.report.measured is None:
        if not digest.predicts:
            return f"at least {units.seconds(total.roofline_seconds)} a step"
        return f"{predicted}, {units.throughput(total.images_per_second, noun)}"
    rate = digest.report.measured.images_per_second
    text = f"measured {units.seconds(digest.step_seconds)} a step"
    text += f", {units.throughput(rate, noun)}" if rate else ""
    return f"{text} ({predicted})" if digest.predicts else text


def point_labels(
    plot: Plot, digests: Sequence[Digest], *, small: bool = False
) -> tuple[tuple[Point, tuple[str, ...]], ...]:
    """Return a label for each kind that takes notable time, at its largest point, largest first; `small` ones short."""
    kinds = {(index, group.name): group for index, digest in enumerate(digests) for group in digest.kinds}
    chosen: dict[str, Point] = {}
    for point in plot.points:
        worth = kinds[point.report, point.group.kind].time_share >= _WORTH_A_LABEL
        if worth and point.group.kind not in chosen and len(chosen) < (_FEW_LABELS if small else _MOST_LABELS):
            chosen[point.group.kind] = point
    labels = []
    for kind, point in chosen.items():
        whole = kinds[point.report, kind]
        second = f"{units.share(whole.flops_share)} of FLOPs"
        if point.is_measured:
            second = f"{units.percent(whole.roof_share)} of its roof"
        facts = (
            (f"{units.share(whole.time_share)} of time",)
            if small
            else (f"{units.share(whole.time_share)} of time", second)
        )
        labels.append((point, (kind,) if len(digests) > 1 else (kind, *facts)))
    return tuple(labels)


def rail_label(plot: Plot, digests: Sequence[Digest]) -> str:
    """Say which operators have no FLOPs and how much of the time they take, report by report."""
    shares: dict[int, float] = {}
    for point in plot.rail:
        shares[point.report] = shares.get(point.report, 0.0) + point.group.time_share
    names = list(dict.fromkeys(words.operator(row.name) for point in plot.rail for row in point.group.rows))
    labels = [f"{digest.label}: " if len(digests) > 1 else "" for digest in digests]
    times = ", ".join(f"{labels[index]}{units.share(shares[index])} of time" for index in sorted(shares))
    unbound = any(row.bound == UNBOUND for point in plot.rail for row in point.group.rows)
    what = "no FLOPs counted" if unbound else "only move data"
    return f"{what} ({', '.join(names[:3])}{', …' if len(names) > 3 else ''}); {times}"


def roof_label(plot: Plot, roof: Roof, digests: Sequence[Digest]) -> str:
    """Name a roof with its figure, and tensor cores with their precision; with its device where there are several."""
    precisions = {
        digest.report.workload.precision for digest in digests if digest.device.name == plot.devices[roof.device].name
    }
    precision = f", {'/'.join(sorted(precisions))}" if roof.ceiling == TENSOR else ""
    device = f" ({plot.devices[roof.device].name})" if len(plot.devices) > 1 else ""
    return f"{roof.label}{precision}{device}"
