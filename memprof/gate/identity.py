"""What a workload is called, and whether figures can be held against one another at all."""

from __future__ import annotations

import math
from collections.abc import Iterable

from memprof import words
from memprof.gate.metrics import METRICS, SHARES, Metric
from memprof.gate.records import Baseline, Figures, GateWorkload

_COLLAPSED = 0.01
"""What a figure that falls below this fraction of its baseline shows is that something else is analysed."""


def describe(workload: GateWorkload) -> str:
    """Say what a workload is, in one line: "resnet50, training on a100-sxm4-40gb, batch 128, 224 px, tf32, ..."."""
    given = f"inputs {workload.inputs}" if workload.inputs else f"{workload.resolution} px"
    return (
        f"{workload.model}, {words.phase(workload.phase)} on {workload.device}, batch {workload.batch_size}, "
        f"{given}, {workload.precision}, {workload.layout}"
    )


def implausible_figures(figures: Figures) -> tuple[str, ...]:
    """Say which figures are none: not finite, negative, or zero where no step has nothing of it."""
    return tuple(why for metric in METRICS.values() if (why := _implausibility(metric, figures)))


def _implausibility(metric: Metric, figures: Figures) -> str:
    figure = getattr(figures, metric.name)
    for value in figure.values() if metric.name == SHARES else (figure,):
        if not math.isfinite(value) or value < 0:
            return f"{metric.title} cannot be {value:g}"
        if not value and not metric.may_be_zero:
            return f"{metric.title} cannot be zero"
    return ""


def incomparability(metric: Metric, before: float, after: float) -> str:
    """Say why a figure cannot be held against its baseline; "" where it can."""
    for value, where in ((before, "in the baseline"), (after, "today")):
        if not math.isfinite(value) or value < 0:
            return f"{metric.title} is {value:g} {where}"
        if not value and (not metric.may_be_zero or before != after) and metric.name != SHARES:
            return f"{metric.title} is zero {where}"
    if metric.name != SHARES and not metric.follows and after < before * _COLLAPSED:
        return (
            f"{metric.title} collapsed, from {metric.format(before)} to {metric.format(after)}: this is not the same "
            "model any more"
        )
    return ""


def cost_model_mismatch(baseline: Baseline, cost_model: int) -> tuple[str, str]:
    """Say why figures of another version of the cost model cannot be compared, and what to do; "" where they can."""
    if baseline.cost_model == cost_model:
        return "", ""
    versions = f"version {baseline.cost_model} in the baseline, {cost_model} here"
    if baseline.cost_model > cost_model:
        return (
            f"the baseline is of a newer memprof, {baseline.memprof}, whose cost model differs ({versions})",
            f"install memprof {baseline.memprof} or later",
        )
    return (
        f"memprof's cost model changed, this is no regression ({versions})",
        "run `memprof gate update` on code that is known to be fine, and commit the baseline",
    )


def unmatched_workload(workload: GateWorkload, others: Iterable[GateWorkload], there: str) -> str:
    """Say that a workload is not among `others`, which are `there`, and what the nearest of them has instead."""
    fields = [name for name in GateWorkload.__dataclass_fields__ if name != "model"]
    nearest: list[str] | None = None
    for other in others:
        if other.model == workload.model:
            differing = [
                f"{name.replace('_', ' ')} {getattr(other, name)}"
                for name in fields
                if getattr(other, name) != getattr(workload, name)
            ]
            nearest = differing if nearest is None or len(differing) < len(nearest) else nearest
    beside = f", which has it with {words.enumerate_words(nearest)}" if nearest else ""
    return f"this workload is not in {there}{beside}"
