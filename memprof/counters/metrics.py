"""Which metrics of Nsight Compute tell the bytes at each memory level, and how they are recorded.

Names and meanings: NVIDIA Nsight Compute, Kernel Profiling Guide, "Metrics Decoder", and CLI guide, "Metric
Comparison". GPUs since Blackwell call DRAM reads and writes `dram__bytes_op_read` and `dram__bytes_op_write`. A sector,
what caches and DRAM move at once, is 32 bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from memprof.counters.quantities import Unit

SECTOR_BYTES = 32
DURATION = "gpu__time_duration.sum"
RECORDED = (DURATION, "dram__bytes.sum", "lts__t_bytes.sum", "l1tex__t_bytes.sum")
"""The metrics to record; other ways to the same amounts are read as well."""

NO_METRICS = "none of the metrics that memprof reads"
RECORD_AGAIN = f"record them: ncu --csv --page raw --metrics {','.join(RECORDED)}"


@dataclass(frozen=True, slots=True)
class _Way:
    """One way to an amount of bytes: the sum of some metrics; rates are multiplied by the kernel's duration."""

    metrics: tuple[str, ...]
    unit: Unit = Unit.BYTES


WAYS: Mapping[str, tuple[_Way, ...]] = {
    "dram": (
        _Way(("dram__bytes.sum",)),
        _Way(("dram__bytes_read.sum", "dram__bytes_write.sum")),
        _Way(("dram__bytes_op_read.sum", "dram__bytes_op_write.sum")),
        _Way(("dram__sectors.sum",), Unit.SECTORS),
        _Way(("dram__sectors_read.sum", "dram__sectors_write.sum"), Unit.SECTORS),
        _Way(("dram__bytes.sum.per_second",), Unit.RATE),
    ),
    "l2": (
        _Way(("lts__t_bytes.sum",)),
        _Way(("lts__t_sectors.sum",), Unit.SECTORS),
        _Way(("lts__t_bytes.sum.per_second",), Unit.RATE),
    ),
    "l1": (
        _Way(("l1tex__t_bytes.sum",)),
        _Way(("l1tex__t_sectors.sum",), Unit.SECTORS),
        _Way(("l1tex__t_bytes.sum.per_second",), Unit.RATE),
    ),
}
"""By memory level, the ways to its bytes; the first that a file has counts."""

UNITS: Mapping[str, Unit] = {
    DURATION: Unit.SECONDS,
    **{metric: way.unit for ways in WAYS.values() for way in ways for metric in way.metrics},
}
"""Every metric that is read, with its unit."""


def level_bytes(level: str, amounts: Mapping[str, Decimal]) -> Decimal | None:
    """Return the bytes at a memory level from a kernel's metrics in base units, None where they do not tell."""
    for way in WAYS[level]:
        if all(metric in amounts for metric in way.metrics):
            total = sum((amounts[metric] for metric in way.metrics), Decimal(0))
            if way.unit is Unit.SECTORS:
                return total * SECTOR_BYTES
            if way.unit is Unit.BYTES:
                return total
            if DURATION in amounts:
                return total * amounts[DURATION]
    return None
