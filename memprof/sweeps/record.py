"""A row of a sweep's results. Imports no torch."""

from __future__ import annotations

from dataclasses import dataclass

from memprof.sweeps.plan import Group, Sweep

SCHEMA = "memprof.sweep-set/1"


@dataclass(frozen=True, slots=True)
class Row:
    """One workload on one device: a row of the set, its columns in order.

    `seconds` is predicted, `roofline_seconds` the least the device could need; `bound` is what binds most of the
    predicted time. Where there is no such figure, `failed_because` says why, and the figures are None.
    """

    model: str
    device: str
    precision: str | None
    batch_size: int
    resolution: int | None
    phase: str
    layout: str
    stack: str
    images_per_second: float | None = None
    seconds: float | None = None
    roofline_seconds: float | None = None
    peak_bytes: float | None = None
    flops: float | None = None
    dram_bytes: float | None = None
    bound: str | None = None
    relative_error: float | None = None
    failed_because: str | None = None


def failed_rows(sweep: Sweep, group: Group, reason: str) -> list[Row]:
    """Return the rows of a group of which nothing is known but why."""
    return [failed_row(group, cell, group.resolution, reason) for cell in sweep.cells()]


def failed_row(group: Group, cell: tuple[str | None, int, str], resolution: int | None, reason: str) -> Row:
    """Return the row of a cell, of those of `Sweep.cells`, that has no figure; `reason` becomes one line."""
    precision, batch_size, device = cell
    setting = group.phase, group.layout, group.stack
    return Row(
        group.model, device, precision, batch_size, resolution, *setting, failed_because=" ".join(reason.split())
    )
