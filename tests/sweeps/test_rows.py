"""Rows are what `analyze` says of each workload on each device, in the order of the plan; what fails says why."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

import pytest

import memprof
from memprof.analysis.simulated import analyze_on
from memprof.devices import list_devices
from memprof.sweeps.plan import Sweep
from memprof.sweeps.rows import Row, rows_of

DEVICES = list_devices()
ALL = Sweep(
    models=("resnet18",),
    devices=tuple(device.name for device in DEVICES),
    precision=("tf32", "amp-fp16"),
    batch_size=(3,),
    resolution=(None,),
    phase=("infer",),
    layout=("channels-last",),
    stack=("",),
)


def rows(sweep: Sweep) -> list[Row]:
    return [
        row for part in range(sweep.part_count) for group in sweep.part(part) for row in rows_of(sweep, group, DEVICES)
    ]


def alone(row: Row) -> memprof.Report:
    return memprof.analyze(
        row.model,
        device=row.device,
        batch_size=row.batch_size,
        resolution=row.resolution,
        phase=row.phase,
        precision=row.precision,
        layout=row.layout,
        stack=row.stack,
    )


def on_each(mine: list[Row]) -> list[memprof.Report]:
    """Return the reports of rows of one workload."""
    first = mine[0]
    settings = {"batch_size": first.batch_size, "phase": first.phase, "precision": first.precision}
    return analyze_on(first.model, [row.device for row in mine], **settings)


def check(row: Row, report: memprof.Report) -> None:
    """Hold a row against the report of the same workload alone, to 1e-9."""
    totals, seconds = report.totals, defaultdict(float)
    for operator in report.operators:
        seconds[operator.bound] += operator.seconds
    assert row.resolution == report.workload.resolution
    assert (row.images_per_second, row.seconds) == pytest.approx((totals.images_per_second, totals.seconds), rel=1e-9)
    assert (row.roofline_seconds, row.flops, row.dram_bytes) == pytest.approx(
        (totals.roofline_seconds, totals.flops, totals.dram_bytes), rel=1e-9
    )
    assert report.memory is not None
    assert row.peak_bytes == report.memory.peak_bytes
    assert (row.bound, row.relative_error) == (max(seconds, key=seconds.__getitem__), totals.relative_error)


@pytest.mark.parametrize(
    ("model", "phase", "precision"), [("resnet18", "train", "tf32"), ("inceptionnext_t", "infer", "amp-fp16")]
)
def test_a_row_on_any_device_is_what_the_workload_takes_there_alone(model: str, phase: str, precision: str) -> None:
    """`python benchmarks/sweep_speed.py` does the same for the whole zoo."""
    sweep = replace(ALL, models=(model,), phase=(phase,), precision=(precision,))
    known = [row for row in rows(sweep) if row.failed_because is None]
    assert len(known) > 20
    for row, report in zip(known, on_each(known), strict=True):
        check(row, report)


def test_settings_are_those_asked_for() -> None:
    sweep = replace(ALL, devices=("t4",), precision=("fp16",), batch_size=(1, 2, 3, 4, 8, 16), resolution=(96,))
    sweep = replace(sweep, layout=("channels-first",), stack=("torch 1.13",))
    found = rows(sweep)
    assert [row.batch_size for row in found] == [1, 2, 3, 4, 8, 16]
    for row in (found[0], found[3]):
        check(row, alone(row))


def test_what_a_device_has_no_figure_for_is_a_row_with_its_reason() -> None:
    sweep = replace(ALL, devices=("t4", "v100-sxm2-16gb", "a100-sxm4-40gb"), precision=("tf32", None))
    found = rows(sweep)
    assert [(row.device, row.precision) for row in found] == [
        *(("t4", "tf32"), ("v100-sxm2-16gb", "tf32"), ("a100-sxm4-40gb", "tf32")),
        *(("t4", "fp32"), ("v100-sxm2-16gb", "fp32"), ("a100-sxm4-40gb", "tf32")),
    ]
    assert [row.failed_because for row in found] == [
        *("t4 has no TF32 tensor-core figure", "v100-sxm2-16gb has no TF32 tensor-core figure", None),
        *(None, None, None),
    ]
    assert found[0].seconds is found[0].bound is found[0].flops is None
    assert replace(found[5], precision="tf32") == found[2]


def test_a_model_that_fails_is_rows_with_its_reason() -> None:
    """Batch norm cannot be trained on single values: ResNet-18 at 32 pixels ends in maps of 1 x 1."""
    sweep = replace(ALL, devices=("t4",), precision=("fp32",), batch_size=(1, 2), resolution=(32,), phase=("train",))
    first, second = rows(sweep)
    assert second.failed_because is None
    assert "more than 1 value" in (first.failed_because or "")
    (missing,) = rows(replace(sweep, models=("nowhere.py:Net",), batch_size=(1,)))
    assert missing.failed_because
    assert (missing.model, missing.precision, missing.resolution, missing.seconds) == (
        "nowhere.py:Net",
        "fp32",
        32,
        None,
    )
