"""What was measured of calls, in the rows of a report, by hand."""

from __future__ import annotations

import pytest

from memprof.analysis.assembly import CostedStep, assemble_report, cost_profile
from memprof.analysis.rows import Clock, kernel_rows, measured_seconds
from memprof.calls import OperatorCall
from memprof.profiles.records import Activity, Event, EventCategory, Kernel, Profile
from memprof.report.record import DeviceCeilings, Report, Workload
from memprof.report.run import KernelRow
from memprof.vocabulary import UNBOUND
from tests.operators.building import tensor

TOY = DeviceCeilings("toy", "Toy", {"dram": 1e9, "l2": 1e18, "l1": 1e18}, {"tensor": 1e18, "fp32": 1e18}, 1e9)
WORKLOAD = Workload("toy", 4, None, "infer", "tf32", "channels-first")
LEFT, RIGHT = tensor(2, 5), tensor(5, 3)
LEAST = 4 * (2 * 5 + 5 * 3 + 2 * 3) * 1e-9
"""Seconds of the product's bytes at 1 GB/s."""


def kernel(name: str, duration: int, activity: Activity = Activity.KERNEL) -> Kernel:
    return Kernel(name, 0, duration, activity)


def op(name, *inputs, kernels=(), children=(), host=0):
    return Event(f"aten::{name}", EventCategory.OPERATOR, inputs, None, children, 0, host, kernels)


def report_of(*events: Event, clock: Clock | None, steps: int = 1) -> Report:
    costed, unknown = cost_profile(Profile(events))
    return assemble_report(CostedStep(costed, unknown, 0, None, clock, steps), WORKLOAD, TOY)


def test_a_call_has_the_kernels_of_those_inside_it():
    inner = op("cublas", kernels=(kernel("gemm", 300), kernel("reduce", 100)))
    report = report_of(op("mm", LEFT, RIGHT, kernels=(kernel("gemm", 600),), children=(inner,)), clock=Clock.DEVICE)
    (row,) = report.operators
    assert row.measured_seconds == report.totals.measured_seconds == pytest.approx(1000e-9)
    assert row.percent_of_roof == pytest.approx(100 * LEAST / 1000e-9)
    assert row.kernels == (
        KernelRow("gemm", "kernel", 2, pytest.approx(900e-9)),
        KernelRow("reduce", "kernel", 1, pytest.approx(100e-9)),
    )


def test_on_the_host_a_call_takes_as_long_as_it_is_in_it():
    (row,) = report_of(op("mm", LEFT, RIGHT, host=500), op("mm", LEFT, RIGHT, host=700), clock=Clock.HOST).operators
    assert (row.calls, row.measured_seconds) == (2, pytest.approx(1200e-9))
    assert row.percent_of_roof == pytest.approx(100 * 2 * LEAST / 1200e-9)


def test_beating_a_roof_is_not_hidden():
    (row,) = report_of(op("mm", LEFT, RIGHT, kernels=(kernel("gemm", 1),)), clock=Clock.DEVICE).operators
    assert row.percent_of_roof == pytest.approx(100 * LEAST / 1e-9)
    assert row.percent_of_roof > 100


def test_nothing_measured_leaves_nothing():
    report = report_of(op("mm", LEFT, RIGHT, host=500, kernels=(kernel("gemm", 600),)), clock=None)
    (row,) = report.operators
    assert (row.measured_seconds, row.percent_of_roof, report.totals.measured_seconds) == (None, None, None)


def test_operators_without_a_formula_or_a_cost_keep_their_time():
    launches_itself = op(
        "_native_attention",
        LEFT,
        kernels=(kernel("rearrange", 50),),
        children=(op("mm", LEFT, RIGHT, kernels=(kernel("gemm", 600),)),),
    )
    report = report_of(
        launches_itself, op("view", LEFT, kernels=(kernel("odd", 7),)), op("relu", LEFT), clock=Clock.DEVICE
    )
    rows = {row.name: row for row in report.operators}
    assert set(rows) == {"aten::mm", "aten::_native_attention", "aten::view", "aten::relu"}
    assert (rows["aten::_native_attention"].kind, rows["aten::_native_attention"].bound) == ("unknown", UNBOUND)
    assert rows["aten::view"].measured_seconds == pytest.approx(7e-9)
    assert rows["aten::view"].percent_of_roof is None
    assert rows["aten::relu"].measured_seconds == 0
    assert rows["aten::relu"].percent_of_roof is None
    assert report.totals.measured_seconds == pytest.approx(657e-9)


def test_throughput_is_that_of_all_steps():
    events = [op("mm", LEFT, RIGHT, kernels=(kernel("gemm", 600),))] * 3
    one, three = report_of(events[0], clock=Clock.DEVICE), report_of(*events, clock=Clock.DEVICE, steps=3)
    assert three.totals.roofline_seconds == pytest.approx(3 * one.totals.roofline_seconds)
    assert three.totals.images_per_second == pytest.approx(one.totals.images_per_second)
    assert three.totals.macs_per_image == pytest.approx(one.totals.macs_per_image)


def test_a_report_of_a_trace_reads_back():
    report = report_of(op("mm", LEFT, RIGHT, kernels=(kernel("gemm", 600),)), clock=Clock.DEVICE)
    assert Report.from_json(report.to_json()) == report


def test_seconds_are_summed_in_whole_nanoseconds():
    """0.1 + 0.2 is not 0.3 in floating point; 100 ns + 200 ns are 300 ns."""
    call = OperatorCall("aten::mm", (), kernels=tuple(kernel("k", ns) for ns in (100, 200, 1) * 1000))
    assert measured_seconds([call], Clock.DEVICE) == 301_000 * 1e-9
    assert kernel_rows(call.kernels) == (KernelRow("k", "kernel", 3000, 301_000 * 1e-9),)
