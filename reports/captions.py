"""The words on and around a roofline plot, the same in the PNG and on the page."""

from __future__ import annotations

from collections.abc import Sequence

from memprof import summary, units, words
from memprof.report import Report
from memprof.reports.geometry import Plot, Point, Roof

HOW_TO_READ = (
    "Bubble: like operators at their predicted speed; area: share of the predicted time. Ring: the most that the roofs "
    "allow (slanted: memory, flat: arithmetic)."
)
X_AXIS = "arithmetic intensity: FLOP per byte of the memory that binds (of DRAM where arithmetic binds)"
Y_AXIS = "FLOP/s: predicted (bubbles) and at most (rings)"
RAIL = "no FLOPs"
_WORTH_A_LABEL = 0.03
_MOST_LABELS = 7


def subtitle(reports: Sequence[Report]) -> str:
    """Say what was analysed on which device; for one report also the predicted time."""
    first = reports[0]
    models = ", ".join(dict.fromkeys(report.workload.model for report in reports))
    devices = ", ".join(dict.fromkeys(report.device.title for report in reports))
    parts = [models, summary.describe(first) if not summary.differences(reports) else "different workloads", devices]
    if len(reports) == 1:
        total = first.totals
        parts.append(
            f"predicted {units.seconds(total.seconds)} a step, {units.images_per_second(total.images_per_second)}"
        )
    return "  ·  ".join(parts)


def point_labels(plot: Plot, reports: Sequence[Report]) -> tuple[tuple[Point, tuple[str, ...]], ...]:
    """Return one label for each kind that takes notable time, at its largest point, the largest first."""
    kinds = {(index, group.name): group for index, report in enumerate(reports) for group in summary.by_kind(report)}
    chosen: dict[str, Point] = {}
    for point in plot.points:
        worth = kinds[point.report, point.group.kind].time_share >= _WORTH_A_LABEL
        if worth and point.group.kind not in chosen and len(chosen) < _MOST_LABELS:
            chosen[point.group.kind] = point
    labels = []
    for kind, point in chosen.items():
        whole = kinds[point.report, kind]
        said = f"{units.share(whole.time_share)} of time", f"{units.share(whole.flops_share)} of FLOPs"
        labels.append((point, (kind,) if len(reports) > 1 else (kind, *said)))
    return tuple(labels)


def rail_label(plot: Plot, reports: Sequence[Report]) -> str:
    """Say which operators have no FLOPs and how much of the time they take, report by report."""
    shares: dict[int, float] = {}
    for point in plot.rail:
        shares[point.report] = shares.get(point.report, 0.0) + point.group.time_share
    names = list(dict.fromkeys(words.operator(row.name) for point in plot.rail for row in point.group.rows))
    labels = [f"{label}: " if len(reports) > 1 else "" for label in summary.labels(reports)]
    said = ", ".join(f"{labels[index]}{units.share(shares[index])} of time" for index in sorted(shares))
    return f"only move data ({', '.join(names[:3])}{', …' if len(names) > 3 else ''}); {said}"


def roof_label(plot: Plot, roof: Roof, reports: Sequence[Report]) -> str:
    """Name a roof with its figure, and tensor cores with their precision; with its device where there are several."""
    precisions = {
        report.workload.precision for report in reports if report.device.name == plot.devices[roof.device].name
    }
    precision = f", {'/'.join(sorted(precisions))}" if roof.ceiling == "tensor" else ""
    device = f" ({plot.devices[roof.device].name})" if len(plot.devices) > 1 else ""
    return f"{roof.label}{precision}{device}"
