"""Rows and reports of a few numbers each, for the tests of explanations: every time is given, none is worked out."""

from __future__ import annotations

from memprof.report.record import SCHEMA, Coverage, DeviceCeilings, Memory, OperatorRow, Report, Totals, Workload

DEVICE = DeviceCeilings("toy", "Toy GPU", {"dram": 1e12, "l2": 4e12, "l1": 16e12}, {"tensor": 100e12, "fp32": 20e12})
WORKLOAD = Workload("a", 8, 32, "infer", "tf32", "channels-last")


def row(
    name: str,
    kind: str,
    module: str,
    seconds: float,
    *,
    shapes: tuple[tuple[int, ...], ...] = ((8, 8),),
    phase: str = "forward",
    bound: str = "dram",
    calls: int = 1,
    launches: int = 1,
    dram: float = 0.0,
    l1: float = 0.0,
    flops: float = 0.0,
) -> OperatorRow:
    """Return a row that takes `seconds`."""
    return OperatorRow(
        name=f"aten::{name}",
        kind=kind,
        module=module,
        phase=phase,
        input_shapes=shapes,
        dtype="float32",
        calls=calls,
        flops=flops,
        dram_bytes=dram,
        l2_bytes=dram,
        l1_bytes=l1,
        intensity_dram=None,
        intensity_l2=None,
        intensity_l1=None,
        engine="fp32",
        bound=bound,
        attainable_flops_per_second=0.0,
        launches=launches,
        seconds=seconds,
        roofline_seconds=seconds / 2,
    )


def report(*rows: OperatorRow, workload: Workload = WORKLOAD, fits: bool | None = True) -> Report:
    """Return the report of a step of these rows."""
    seconds = sum(item.seconds for item in rows)
    flops = sum(item.flops for item in rows)
    dram = sum(item.dram_bytes for item in rows)
    rate = workload.batch_size / seconds if seconds else 0.0
    launches = sum(item.launches for item in rows)
    totals = Totals(1, 1.0, flops, dram, dram, dram, launches, seconds, rate, seconds / 2, 2 * rate, 0.0)
    return Report(SCHEMA, workload, DEVICE, totals, Memory(9e9, 1e9, 0, 0, 8e9, fits), rows, Coverage(1.0, 1.0, 0))
