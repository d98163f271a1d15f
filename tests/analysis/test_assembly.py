"""From calls to a report, on profiles made by hand."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from memprof.analysis.assembly import CONTEXT_BYTES, assemble_report, cost_calls, cost_step
from memprof.analysis.rows import Clock
from memprof.calls import OperatorCall
from memprof.devices.hosts import default_costs
from memprof.profiles.memory import MemoryUse
from memprof.profiles.records import Event, EventCategory, Profile
from memprof.profiles.simulated import Simulation
from memprof.report.record import DeviceCeilings, HostCosts, Memory, UnknownOperator, Workload
from memprof.vocabulary import Kind
from tests.operators.building import tensor

TOY = DeviceCeilings("toy", "Toy", {"dram": 100.0, "l2": 1e9, "l1": 1e9}, {"tensor": 1e12, "fp32": 1e12}, 1e9)
USE = MemoryUse(100, 60, 0, 0, 40)
WORKLOAD = Workload("toy", 2, 4, "infer", "tf32", "channels-first")

LEFT, RIGHT = tensor(2, 5), tensor(5, 3)


def op(name, *inputs, children=()):
    return Event(name, EventCategory.OPERATOR, inputs, None, children)


def module(path, *children):
    return Event(path, EventCategory.MODULE, children=children)


def phase(name, *children):
    return Event(name, EventCategory.PHASE, children=children)


def report_of(*events, device=TOY, use=USE):
    return assemble_report(cost_step(Simulation(Profile(events), 15, use)), WORKLOAD, device)


def test_the_total_and_each_operator_carry_their_error_where_the_device_was_compared():
    compared = report_of(op("aten::relu", LEFT), device=replace(TOY, name="a100-sxm4-40gb", compared="fitted"))
    errors = compared.totals.relative_error, compared.operators[0].relative_error
    assert all(error is not None and 0 < error < 1 for error in errors)
    assert json.loads(compared.to_json())["totals"]["relative_error"] == errors[0]
    report = report_of(op("aten::relu", LEFT))
    assert report.totals.relative_error is None
    assert report.operators[0].relative_error is None


def test_a_step_that_its_host_holds_up_has_no_error_but_its_operators_have():
    device = replace(
        TOY, name="a100-sxm4-40gb", compared="fitted", host=replace(default_costs(), seconds_per_operator=9e9)
    )
    report = report_of(op("aten::relu", LEFT), device=device)
    assert report.operators[0].bound == "host"
    assert report.totals.relative_error is None
    assert report.operators[0].relative_error is not None


def test_a_product_by_hand():
    """(2, 5) times (5, 3) in float32."""
    report = report_of(op("aten::mm", LEFT, RIGHT))
    (row,) = report.operators
    assert row.flops == report.totals.flops == 2 * 2 * 5 * 3
    assert row.dram_bytes == report.totals.dram_bytes == 4 * (2 * 5 + 5 * 3 + 2 * 3)
    assert row.roofline_seconds == report.totals.roofline_seconds == row.dram_bytes / 100
    assert row.seconds == report.totals.seconds == row.roofline_seconds
    assert row.launches == report.totals.launches == 1
    assert row.intensity_dram == 60 / 124
    assert (row.kind, row.bound, row.engine, row.dtype) == ("matmul", "dram", "tensor", "float32")
    assert row.input_shapes == ((2, 5), (5, 3))
    assert row.attainable_flops_per_second == row.flops / row.roofline_seconds
    assert report.totals.macs_per_image == 2 * 5 * 3 / 2
    assert report.totals.images_per_second == 2 / row.seconds
    assert report.totals.roofline_images_per_second == 2 / row.roofline_seconds
    assert report.totals.parameters == 15


def test_constants_of_the_device_make_the_prediction_and_leave_the_bound():
    """The product at half the bandwidth, launched in 2 s and 3 s by the host before that."""
    constants = {"product_dram_fraction": 0.5, "launch_seconds": 2.0}
    host = HostCosts("slow", "Slow", 2.0, 0.0, 0.0, 0.0, 0.0, 1.0)
    report = report_of(op("aten::mm", LEFT, RIGHT), device=replace(TOY, achievable=constants, host=host))
    (row,) = report.operators
    totals = report.totals
    assert row.roofline_seconds == totals.roofline_seconds == 1.24
    assert row.seconds == totals.seconds == 3.0 + (1.24 / 0.5 + 2.0)
    assert totals.host_seconds == 3.0
    assert row.bound == "dram"  # 4.48 s that the kernel takes, most of it for DRAM, against 3 s of waiting
    assert totals.images_per_second == 2 / row.seconds


def test_where_kernels_were_timed_their_waits_for_the_host_are_not_predicted():
    constants = {"product_dram_fraction": 0.5, "launch_seconds": 2.0}
    host = HostCosts("slow", "Slow", 2.0, 0.0, 0.0, 0.0, 0.0, 1.0)
    step = replace(cost_step(Simulation(Profile((op("aten::mm", LEFT, RIGHT),)), 15, USE)), clock=Clock.DEVICE)
    report = assemble_report(step, WORKLOAD, replace(TOY, achievable=constants, host=host))
    assert [row.seconds for row in report.operators] == [1.24 / 0.5 + 2.0]
    assert report.totals.seconds == 1.24 / 0.5 + 2.0
    assert report.totals.host_seconds == 3.0  # which the launch still needs
    assert report.device.achievable == constants


def test_equal_calls_of_one_module_share_a_row_and_others_do_not():
    twice = [op("aten::mm", LEFT, RIGHT)] * 2
    report = report_of(module("a", *twice, op("aten::mm", tensor(4, 5), RIGHT)), module("b", *twice))
    assert [(row.module, row.input_shapes[0], row.calls) for row in report.operators] == [
        ("a", (2, 5), 2),
        ("a", (4, 5), 1),
        ("b", (2, 5), 2),
    ]
    first, _, last = report.operators
    assert (first.flops, first.dram_bytes) == (2 * 60, 2 * 124)
    assert first.roofline_seconds == last.roofline_seconds == pytest.approx(2 * 1.24)
    assert (first.launches, report.totals.launches) == (2, 5)
    assert report.totals.flops == sum(row.flops for row in report.operators)


def test_only_forward_multiply_adds_are_an_images():
    product = op("aten::mm", LEFT, RIGHT)
    report = report_of(phase("forward", product), phase("backward", product, product))
    assert report.totals.macs_per_image == 30 / 2
    assert report.totals.flops == 3 * 60
    assert [(row.phase, row.calls) for row in report.operators] == [("forward", 1), ("backward", 2)]


def test_what_nobody_can_cost_is_listed_and_in_no_total():
    strange = op("custom::strange", tensor(10))
    report = report_of(op("aten::mm", LEFT, RIGHT), strange, strange, op("aten::view", LEFT))
    assert report.coverage.calls == 2 / 4
    assert report.coverage.bytes == 124 / (124 + 2 * 40)
    assert report.coverage.unknown == (UnknownOperator("custom::strange", 2, 80),)
    assert report.coverage.free_calls == 1
    assert [warning.code for warning in report.warnings] == ["low-coverage"]
    assert "custom::strange" in report.warnings[0].message
    assert report.totals.dram_bytes == 124


def test_a_small_unknown_operator_is_a_milder_warning():
    report = report_of(op("aten::mm", tensor(1000, 1000), tensor(1000, 1000)), op("custom::strange", tensor(1)))
    assert [warning.code for warning in report.warnings] == ["unknown-operators"]


def test_a_level_without_a_bandwidth_is_a_warning():
    bare = DeviceCeilings("bare", "Bare", {"dram": 100.0}, {"fp32": 1.0})
    report = report_of(op("aten::mm", LEFT, RIGHT), device=bare)
    assert [warning.code for warning in report.warnings] == ["no-l2-bandwidth", "no-l1-bandwidth"]
    assert all(warning.remedy for warning in report.warnings)


def test_calls_that_lack_what_their_formula_needs_are_unknown():
    costed, unknown = cost_calls([OperatorCall("aten::mm", ()), OperatorCall("aten::mm", (LEFT, RIGHT))])
    assert [call.inputs for call in unknown] == [()]
    assert [item.call.inputs for item in costed] == [(LEFT, RIGHT)]


def test_composites_with_nothing_inside_are_free():
    costed, unknown = cost_calls([OperatorCall("aten::contiguous", (LEFT,))])
    assert unknown == []
    assert [(item.kind, item.works) for item in costed] == [(Kind.LAYOUT, ())]


def test_a_model_that_does_nothing_has_a_report_of_nothing():
    report = report_of()
    totals = report.totals
    assert (report.operators, totals.seconds, totals.images_per_second) == ((), 0, 0)
    assert (totals.launches, totals.roofline_seconds, totals.roofline_images_per_second) == (0, 0, 0)
    assert (report.coverage.calls, report.coverage.bytes) == (1, 1)


@pytest.mark.parametrize(
    ("capacity", "fits"), [(100 + CONTEXT_BYTES, True), (99 + CONTEXT_BYTES, False), (100.0, False), (None, None)]
)
def test_a_step_fits_where_its_peak_leaves_room_for_the_context(capacity, fits):
    report = report_of(op("aten::mm", LEFT, RIGHT), device=replace(TOY, memory_capacity_bytes=capacity))
    assert report.memory == Memory(100, 60, 0, 0, 40, fits)


def test_the_environment_names_what_made_the_report():
    assert {"memprof", "python", "platform", "torch", "fvcore"} <= set(report_of().environment)


@pytest.mark.parametrize("name", ["aten::bmm", "aten::convolution_backward", "aten::upsample_nearest2d"])
def test_what_contradicts_itself_is_unknown(name):
    call = OperatorCall(name, (tensor(2, 3), tensor(5, 6, 7), tensor(4), (0, 0, 0), (float("inf"),), 0))
    costed, unknown = cost_calls([call])
    assert (costed, unknown) == ([], [call])
