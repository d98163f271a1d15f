"""Figures of measured reports, each on numbers small enough to redo by hand."""

from dataclasses import replace

import pytest

from memprof.report.counted import counted_traffic
from memprof.report.digest import digest
from memprof.report.record import OperatorRow, Report, Workload
from memprof.report.run import DeviceTime, KernelRow, Measured, Stray, Timing
from tests.reports.measured_sample import HOST, TELEMETRY, on_cpu, run, traced, unbound
from tests.reports.sample import Cost, assemble, row, sample

WORKLOAD = Workload("toy", 8, 32, "infer", "fp32", "channels-first")
TIMING = Timing((9e-3, 10e-3, 12e-3), 10e-3, 8e-3, 12.5e-3, 11e-3, 2)


def measured_row(milliseconds: float, least: float, name: str = "relu") -> OperatorRow:
    """Return an operator that DRAM bounds to `least` ms at best and that took `milliseconds`."""
    made = row(name, "elementwise", f"block.{name}", [(4,)], cost=Cost(1e6, least * 1e-3 * 1.555e12, 0, 0))
    return replace(made, measured_seconds=milliseconds * 1e-3, percent_of_roof=100 * least / milliseconds)


def report(*rows: OperatorRow, steps: int = 1, seconds: float = 20e-3, timing: Timing | None = None) -> Report:
    measured = Measured("run", (), "toy", steps, seconds, 8 * steps / seconds, 1.0, timing=timing)
    made = assemble(rows, WORKLOAD)
    sums = sum(item.measured_seconds or 0.0 for item in rows)
    return replace(made, measured=measured, totals=replace(made.totals, measured_seconds=sums))


def test_a_step_takes_its_span_over_the_steps_or_the_median_of_those_timed() -> None:
    rows = measured_row(4, 3), measured_row(8, 3)
    assert digest(report(*rows, steps=4)).step_seconds == 20e-3 / 4
    assert digest(report(*rows, steps=4, timing=TIMING)).step_seconds == 10e-3
    assert digest(report(*rows, timing=TIMING)).image_seconds == 10e-3 / 8
    assert digest(report(*rows, steps=4)).least_step_seconds == pytest.approx(6e-3 / 4)
    assert digest(report(*rows, steps=4)).predicted_step_seconds == pytest.approx(6e-3 / 0.8 / 4)


def test_without_a_measurement_a_step_takes_what_is_predicted() -> None:
    assert digest(sample()).step_seconds == sample().totals.seconds
    assert digest(sample()).image_seconds == sample().totals.seconds / 128


def test_what_of_the_roof_is_reached_while_operators_run_and_all_in_all() -> None:
    # 3 + 3 ms at best, measured 4 + 8 ms: 6 / 12; the step takes 20 ms: 6 / 20.
    step = report(measured_row(4, 3), measured_row(8, 3))
    assert digest(step).whole.roof_share == pytest.approx(0.5)
    assert digest(step).step_roof_share == pytest.approx(0.3)
    assert digest(step).flops_per_second == pytest.approx(2e6 / 12e-3)
    assert digest(step).bytes_per_second == pytest.approx(6e-3 * 1.555e12 / 12e-3)


def test_time_without_a_roof_is_no_part_of_what_is_reached_or_lost() -> None:
    step = report(measured_row(4, 3), unbound("custom::scan", 5e-3))
    whole = digest(step).whole
    assert whole.time_seconds == pytest.approx(9e-3)
    assert whole.roof_share == pytest.approx(0.75)
    assert whole.lost_seconds == pytest.approx(1e-3)
    assert whole.losable_seconds == pytest.approx(6e-3)
    (nothing,) = [group for group in digest(step).kinds if group.name == "unknown"]
    assert (nothing.roof_share, nothing.lost_seconds) == (None, None)
    assert nothing.losable_seconds == pytest.approx(5e-3)


def test_what_is_above_its_roof_is_found_and_never_capped() -> None:
    step = report(measured_row(4, 3, "a"), measured_row(2, 3, "b"), measured_row(2, 2.005, "c"))
    (above,) = digest(step).above_roof
    assert above.rows[0].name == "aten::b"
    assert above.roof_share == pytest.approx(1.5)
    assert above.lost_seconds == pytest.approx(-1e-3)
    assert not digest(sample()).above_roof


def test_the_interval_of_a_rate_is_that_of_the_time_turned_over() -> None:
    # 8 images in 10 ms; 8 ms to 12.5 ms: 640 to 1000 images/s.
    timed = report(measured_row(4, 3), seconds=10e-3, timing=TIMING)
    assert digest(timed).rate_interval == pytest.approx((8 / 12.5e-3, 8 / 8e-3))
    assert digest(report(measured_row(4, 3))).rate_interval is None
    assert digest(sample()).rate_interval is None


def test_spread_and_overhead_are_fractions_of_the_median() -> None:
    assert TIMING.spread == pytest.approx((12 - 9) / 10)
    assert TIMING.overhead == pytest.approx(0.1)


def test_counted_bytes_are_held_against_those_of_the_same_operators() -> None:
    counted = replace(measured_row(4, 3), counted_dram_bytes=2 * 3e-3 * 1.555e12, counted_l1_bytes=5.0)
    dram, l1 = counted_traffic([counted, measured_row(8, 3)])
    assert (dram.level, dram.rows, dram.ratio) == ("dram", 1, pytest.approx(2.0))
    assert (l1.level, l1.counted_bytes, l1.modelled_bytes, l1.ratio) == ("l1", 5.0, 0.0, None)
    assert counted_traffic(sample().operators) == ()


def test_kernels_of_one_name_are_one_wherever_they_ran() -> None:
    first = replace(
        measured_row(4, 3), kernels=(KernelRow("gemm", "kernel", 2, 3e-3), KernelRow("add", "kernel", 1, 1e-3))
    )
    second = replace(measured_row(8, 3), kernels=(KernelRow("gemm", "kernel", 1, 8e-3),))
    traced = report(first, second)
    stray = Stray("add", "kernel", "no launch", 5, 0.5e-3)
    assert traced.measured
    traced = replace(traced, measured=replace(traced.measured, strays=(stray,)))
    assert digest(traced).kernels == (
        KernelRow("gemm", "kernel", 3, pytest.approx(11e-3)),
        KernelRow("add", "kernel", 6, pytest.approx(1.5e-3)),
    )
    assert traced.measured.stray_seconds == 0.5e-3
    assert digest(sample()).kernels == ()


def test_the_parts_of_the_span_do_not_overlap() -> None:
    time = DeviceTime(10, 7, 3, 1, 8, 0.5, 0.1, 2, 1.5)
    parts = dict(time.parts)
    assert parts == {
        "computing or copying": 5.5,
        "communication only": 1.5,
        "waiting for launches": 1,
        "otherwise idle": 2,
    }
    assert sum(parts.values()) == time.span_seconds


def test_words_for_steps_and_images() -> None:
    assert (digest(sample()).per_step, digest(sample()).a_step) == ("per step", "a step")
    assert (digest(traced(steps=3)).per_step, digest(traced(steps=3)).a_step) == ("in 3 steps", "in 3 steps")
    assert (digest(sample()).noun, digest(traced()).noun) == ("images", "samples")


def test_a_cpu_has_no_prediction_and_a_throttled_device_is_told() -> None:
    assert digest(sample()).predicts
    assert not digest(on_cpu()).predicts
    assert on_cpu().device == HOST
    assert digest(run()).is_throttled
    assert not digest(replace(run(), telemetry=replace(TELEMETRY, throttled=False))).is_throttled
    assert not digest(sample()).is_throttled
