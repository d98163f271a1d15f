"""Calls under the roofline: which engine runs what, and kernels one after the other."""

from __future__ import annotations

from dataclasses import replace

import pytest

from memprof import devices
from memprof.calls import OperatorCall
from memprof.devices.ceilings import ceilings
from memprof.operators.work import Traffic, Work
from memprof.report.record import DeviceCeilings
from memprof.roofline.points import CostedCall, Steps, bounds_of, engines_of, place
from memprof.tensors.precision import PRECISIONS, get_precision
from memprof.vocabulary import Kind

A100 = devices.get("a100")
TOY = DeviceCeilings("toy", "Toy", {"dram": 100.0, "l1": 1000.0}, {"tensor": 8000.0, "fp32": 1000.0})


def shares(dtype, precision, device=A100):
    """Return the engines of 100 matrix FLOPs and 1 vector FLOP."""
    work = Work("forward", dtype, matrix_flops=100, vector_flops=1)
    roofs = device if isinstance(device, DeviceCeilings) else ceilings(device, precision)
    return {name: flops for name, flops in engines_of(work, roofs, get_precision(precision)).items() if flops}


@pytest.mark.parametrize(
    ("precision", "dtype", "expected"),
    [
        ("tf32", "float32", {"tensor": 100, "fp32": 1}),
        ("fp32", "float32", {"fp32": 101}),
        ("amp-fp16", "float16", {"tensor": 100, "fp16": 1}),
        ("amp-bf16", "bfloat16", {"tensor": 100, "fp32": 1}),
        ("fp16", "float16", {"tensor": 100, "fp16": 1}),
        ("bf16", "bfloat16", {"tensor": 100, "fp32": 1}),
    ],
)
def test_matrix_work_of_the_policys_type_runs_on_tensor_cores_of_an_a100(precision, dtype, expected):
    assert shares(dtype, precision) == expected


@pytest.mark.parametrize("precision", ["amp-fp16", "amp-bf16"])
def test_float32_products_that_autocast_left_alone_run_on_cuda_cores(precision):
    assert shares("float32", precision) == {"fp32": 101}


def test_products_known_to_run_on_cuda_cores_do_so_in_every_precision():
    work = Work("forward", "float32", matrix_flops=100, vector_flops=1)
    assert engines_of(work, ceilings(A100, "tf32"), get_precision("tf32"), True) == {"fp32": 101}


@pytest.mark.parametrize("precision", PRECISIONS)
def test_no_flop_is_lost(precision):
    for dtype in ("float32", "float16", "bfloat16", "float64", "int64"):
        assert sum(shares(dtype, precision).values()) == 101


def test_without_a_packed_figure_half_precision_runs_at_the_fp32_rate():
    assert shares("float16", "fp16", TOY) == {"tensor": 100, "fp32": 1}


def test_without_tensor_cores_everything_runs_on_cuda_cores():
    bare = DeviceCeilings("bare", "Bare", {"dram": 1.0}, {"fp32": 1.0})
    assert shares("float32", "tf32", bare) == {"fp32": 101}


def costed(*works):
    return CostedCall(OperatorCall("aten::convolution", ()), Kind.CONVOLUTION, works)


def test_kernels_of_one_call_run_one_after_the_other():
    copy = Work("copy", "float32", dram=Traffic(100, 100), l1=Traffic(100, 100))
    product = Work("forward", "float32", matrix_flops=80_000, dram=Traffic(100, 0), l1=Traffic(500, 0))
    (point,) = place([costed(copy, product)], TOY, get_precision("tf32"))
    # the copy waits 200 / 100 = 2 s for DRAM, the product 80000 / 8000 = 10 s for the tensor cores
    assert (point.seconds, point.bound, point.engine) == (2 + 10, "tensor", "tensor")


def test_a_depthwise_kernel_may_be_bound_by_l1():
    """49 taps on 10 outputs: 8 x 49 bytes from L1 for each, 8 from DRAM."""
    taps = Work("forward", "float32", vector_flops=2 * 49 * 10, dram=Traffic(40, 40), l1=Traffic(8 * 49 * 10, 40))
    (point,) = place([costed(taps)], TOY, get_precision("tf32"))
    assert (point.bound, point.engine) == ("l1", "fp32")
    assert point.seconds == (8 * 49 * 10 + 40) / 1000


def test_calls_keep_their_order_and_their_own_time():
    calls = [costed(Work("copy", "float32", dram=Traffic(amount, 0))) for amount in (300, 100, 200)]
    points = place(calls, TOY, get_precision("tf32"))
    assert [point.seconds for point in points] == [3.0, 1.0, 2.0]
    assert [point.costed for point in points] == calls
    assert [place([call], TOY, get_precision("tf32"))[0] for call in calls] == points


def test_calls_that_launch_nothing_take_no_time():
    (point,) = place([costed()], TOY, get_precision("tf32"))
    assert point.seconds == 0.0
    mixed = place([costed(), costed(Work("copy", "float32", dram=Traffic(100, 0)))], TOY, get_precision("tf32"))
    assert [point.seconds for point in mixed] == [0.0, 1.0]


def test_nothing_in_nothing_out():
    assert place([], TOY, get_precision("tf32")) == []
    empty = Steps([[], [costed(), costed(Work("copy", "float32", dram=Traffic(100, 0)))], []], get_precision("tf32"))
    assert empty.on(TOY).seconds_by_bound().sum(axis=1).tolist() == [0.0, 1.0, 0.0]


def test_steps_that_go_through_together_take_what_each_takes_alone():
    """The second kernel of a step finds in L2 what the first wrote; the first of the next step does not.

    100 B/s of DRAM, 1000 B/s of L2, which holds 60 bytes. Of 50 bytes written 10 stay beside what was touched:
    40 / 100 + 10 / 1000 s. Reading them takes 50 / 1000 s from L2 and 50 / 100 s from DRAM.
    """
    device = DeviceCeilings(
        "toy", "Toy", {"dram": 100.0, "l2": 1000.0}, {"fp32": 1.0}, achievable={"l2_capacity_bytes": 60.0}
    )
    write, read = (costed(Work("copy", "float32", dram=traffic)) for traffic in (Traffic(0, 50), Traffic(50, 0)))
    times = Steps([[write, read], [read], [write], [read, read]], get_precision("fp32")).on(device)
    assert times.step.tolist() == [0, 0, 1, 2, 3, 3]
    assert times.seconds == pytest.approx([0.41, 0.05, 0.5, 0.41, 0.5, 0.5])
    assert times.seconds_by_bound().sum(axis=1) == pytest.approx([0.46, 0.5, 0.41, 1.0])
    assert [times.names[bound] for bound in times.binding] == ["dram"] * 6
    assert times.least_by_step().tolist() == [0.0] * 4


def test_the_bound_leaves_out_what_an_l2_can_hold():
    """Of 150 bytes read and 50 written, 100 and 50 fit in an L2 of 100: 50 are left for DRAM, 50 B/s."""
    device = DeviceCeilings("toy", "Toy", {"dram": 50.0}, {"fp32": 1.0}, achievable={"l2_capacity_bytes": 100.0})
    work = Work("copy", "float32", dram=Traffic(150, 50))
    assert bounds_of([work], [{}], device).of("dram").tolist() == [1.0]
    assert bounds_of([work], [{}], replace(device, achievable={})).of("dram").tolist() == [4.0]
