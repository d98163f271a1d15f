"""What is known of each figure that the gate holds against its baseline; nobody keeps a second list of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from memprof import units
from memprof.errors import GateError, did_you_mean


class Better(StrEnum):
    """The direction in which a figure is better."""

    LESS = "less"
    MORE = "more"
    NEITHER = "neither"
    """Any change beyond the budget counts."""


@dataclass(frozen=True, slots=True)
class Metric:
    """One figure: `name` is its field in `Figures` and its key in a configuration, `title` what people call it.

    `budget` is how much worse it may get when nobody says otherwise, as a configuration has it; "" where its verdict is
    that of `follows`. `is_count`: whole numbers, the same on every machine to the last digit. `may_be_zero`: there are
    models without any.
    """

    name: str
    title: str
    format: Callable[[float], str]
    better: Better
    budget: str
    is_count: bool = True
    may_be_zero: bool = False
    follows: str = ""


SHARES = "bound_shares"
"""The figure that is several: the fractions of the predicted time by what bounds it."""
MEASURED = Metric("measured_seconds", "measured step time", units.seconds, Better.LESS, "+5 %", is_count=False)
"""Wall time, of which `memprof gate check --measure` compares the base's with the head's; no figure of a baseline."""

_ALL = (
    Metric("parameters", "parameters", units.count, Better.LESS, "0", may_be_zero=True),
    Metric("flops", "FLOPs", units.flop_count, Better.LESS, "0", may_be_zero=True),
    Metric("macs_per_image", "MACs per image", units.count, Better.LESS, "0", may_be_zero=True),
    Metric("dram_bytes", "DRAM traffic", units.byte_count, Better.LESS, "+1 %"),
    Metric("l2_bytes", "L2 traffic", units.byte_count, Better.LESS, "+1 %"),
    Metric("l1_bytes", "L1 traffic", units.byte_count, Better.LESS, "+1 %"),
    Metric("launches", "kernel launches", units.count, Better.LESS, "0"),
    Metric("seconds", "predicted step time", units.seconds, Better.LESS, "+2 %", is_count=False),
    Metric(
        "images_per_second",
        "predicted throughput",
        units.images_per_second,
        Better.MORE,
        "",
        is_count=False,
        follows="seconds",
    ),
    Metric("peak_memory_bytes", "predicted peak memory", units.byte_count, Better.LESS, "+1 %"),
    Metric("coverage", "coverage", units.coverage, Better.MORE, "-0", is_count=False),
    Metric(SHARES, "share of time", units.share, Better.NEITHER, "off", is_count=False, may_be_zero=True),
)
METRICS = {metric.name: metric for metric in _ALL}
"""The figures of a baseline by name, in the order in which they are shown."""
BUDGETED = {**METRICS, MEASURED.name: MEASURED}
"""Everything that a configuration may give a budget."""


def find(name: str) -> Metric:
    """Return the facts of a metric, of "bound_shares.l1" those of "bound_shares"; GateError where there is none."""
    key = name.partition(".")[0]
    if key not in BUDGETED:
        raise GateError(f"unknown metric {name!r}", did_you_mean(name, BUDGETED))
    return BUDGETED[key]
