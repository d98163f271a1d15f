"""The rule of each pattern, on one kernel with made constants: 100 B/s of DRAM, 1000 of L1, 1000 FLOP/s."""

from __future__ import annotations

import pytest

from memprof import devices
from memprof.devices.achievable import achievable, constants
from memprof.operators.work import Pattern, Product, Traffic, Work
from memprof.report.record import DeviceCeilings
from memprof.roofline.kernels import gather
from memprof.roofline.points import bounds_of, engines_of
from memprof.roofline.timing import kernel_times
from memprof.tensors.precision import get_precision

TOY = DeviceCeilings(
    "toy", "Toy", {"dram": 100.0, "l2": 400.0, "l1": 1000.0}, {"tensor": 8000.0, "fp32": 1000.0, "fp16": 2000.0}
)


def times_of(*works, precision="tf32", **achieved):
    policy = get_precision(precision)
    engines = [engines_of(work, TOY, policy) for work in works]
    return kernel_times(gather(works, engines), bounds_of(works, engines, TOY), achieved)


def seconds(name, *works, precision="tf32", **achieved):
    """Return the seconds of the last kernel under the ceiling `name`."""
    times = times_of(*works, precision=precision, **achieved)
    return times.seconds[times.names.index(name), -1]


DRAM_CONSTANT = {
    Pattern.STREAM: "stream",
    Pattern.STRIDED: "stream",
    Pattern.TRANSPOSED: "transposed",
    Pattern.ROW: "row",
    Pattern.MATMUL: "matmul",
    Pattern.CONVOLUTION: "convolution",
    Pattern.POINTWISE: "convolution",
    Pattern.WEIGHT_GRADIENT: "convolution",
    Pattern.POINTWISE_WEIGHT: "convolution",
    Pattern.FEW_CHANNELS: "convolution",
    Pattern.GROUPED: "convolution",
    Pattern.GROUPED_WEIGHT: "convolution",
    Pattern.GROUPED_WEIGHT_PACKED: "convolution",
    Pattern.ATTENTION: "stream",
    Pattern.ATTENTION_BACKWARD: "stream",
    Pattern.DEPTHWISE: "stream",
    Pattern.DEPTHWISE_DATA: "stream",
    Pattern.DEPTHWISE_WEIGHT: "stream",
    Pattern.DEPTHWISE_CUDNN: "depthwise_cudnn",
    Pattern.DEPTHWISE_CUDNN_DATA: "depthwise_cudnn",
    Pattern.DEPTHWISE_CUDNN_WEIGHT: "depthwise_cudnn",
}


@pytest.mark.parametrize("pattern", Pattern)
def test_every_pattern_reaches_a_fraction_of_dram_bandwidth(pattern):
    """200 bytes at 100 B/s, a quarter of which is reached."""
    work = Work("forward", "float32", dram=Traffic(150, 50), pattern=pattern)
    assert seconds("dram", work, **{f"{DRAM_CONSTANT[pattern]}_dram_fraction": 0.25}) == 200 / 100 / 0.25
    others = {f"{name}_dram_fraction": 0.25 for name in set(DRAM_CONSTANT.values()) - {DRAM_CONSTANT[pattern]}}
    assert seconds("dram", work, **others) == 200 / 100


def test_what_the_kernel_before_left_in_l2_is_not_fetched_from_dram():
    """Written: 60; read: 50, all of it found where 110 bytes fit; the 50 written go to DRAM."""
    first, second = Work("copy", "float32", dram=Traffic(0, 60)), Work("copy", "float32", dram=Traffic(50, 50))
    constant = {"stream_dram_fraction": 0.25}
    assert seconds("dram", first, second, l2_capacity_bytes=110, **constant) == 50 / 100 / 0.25
    assert seconds("dram", first, second, l2_capacity_bytes=109, **constant) == 100 / 100 / 0.25
    assert seconds("dram", first, second, l2_capacity_bytes=110) == 100 / 100  # no kernel beats its bound


def test_what_cudnn_converts_is_moved_too():
    work = Work("forward", "float16", dram=Traffic(60, 40), converted_bytes=300, pattern=Pattern.CONVOLUTION)
    assert seconds("dram", work, convolution_dram_fraction=0.5) == (100 + 300) / 100 / 0.5


@pytest.mark.parametrize("pattern", [Pattern.POINTWISE, Pattern.POINTWISE_WEIGHT])
def test_of_1x1_convolutions_cudnn_converts_a_share(pattern):
    work = Work("forward", "float16", dram=Traffic(60, 40), converted_bytes=300, pattern=pattern)
    assert seconds("dram", work, pointwise_converted_fraction=0.25) == (100 + 0.25 * 300) / 100


def test_loads_that_follow_one_another_take_their_latency():
    work = Work("forward", "float32", dram=Traffic(100, 0), serial_steps=7)
    assert seconds("dram", work, serial_load_seconds=2.0) == 7 * 2.0
    assert seconds("dram", work, serial_load_seconds=0.1) == 1.0  # 0.7 s, behind the bandwidth


TILE = Product(1, 256, 128, 32)  # one whole tile on tensor cores
TENSOR_CONSTANT = {
    Pattern.MATMUL: "matmul",
    Pattern.CONVOLUTION: "convolution",
    Pattern.POINTWISE: "convolution",
    Pattern.WEIGHT_GRADIENT: "weight_gradient",
    Pattern.POINTWISE_WEIGHT: "weight_gradient",
    Pattern.FEW_CHANNELS: "few_channels",
    Pattern.GROUPED: "grouped",
    Pattern.GROUPED_WEIGHT: "grouped_weight",
    Pattern.GROUPED_WEIGHT_PACKED: "grouped_weight_packed",
    Pattern.ATTENTION: "attention",
    Pattern.ATTENTION_BACKWARD: "attention_backward",
}
UNTILED = ["few_channels", "grouped", "grouped_weight", "grouped_weight_packed", "attention", "attention_backward"]


@pytest.mark.parametrize("pattern", TENSOR_CONSTANT)
def test_every_matrix_pattern_reaches_a_fraction_of_the_tensor_peak(pattern):
    name = TENSOR_CONSTANT[pattern]
    work = Work("forward", "float32", matrix_flops=16_000, product=TILE, pattern=pattern)
    assert seconds("tensor", work, **{f"{name}_tensor_fraction": 0.25}) == 16_000 / 8000 / 0.25
    half = Work("forward", "float32", matrix_flops=16_000, product=Product(1, 256, 128, 16), pattern=pattern)
    whole_tiles = 1 if name in UNTILED else 32 / 16
    assert seconds("tensor", half) == 16_000 / 8000 * whole_tiles
    prologue = 1 if name in UNTILED else (32 + 8) / 32
    assert seconds("tensor", work, tensor_prologue_depth=8) == 16_000 / 8000 * prologue


def test_a_product_on_cuda_cores_takes_their_tiles_their_prologue_and_their_fraction():
    work = Work("forward", "float32", matrix_flops=4000, product=Product(1, 128, 128, 32), pattern=Pattern.MATMUL)
    settings = {"precision": "amp-fp16", "product_core_fraction": 0.5}  # which leaves float32 to the CUDA cores
    assert seconds("fp32", work, **settings) == 4000 / 1000 / 0.5
    prologues = {"core_prologue_depth": 16, "tensor_prologue_depth": 99}
    assert seconds("fp32", work, **settings, **prologues) == 4000 / 1000 / 0.5 * (32 + 16) / 32
    half = Work("forward", "float16", matrix_flops=4000, product=Product(1, 128, 128, 32), pattern=Pattern.MATMUL)
    assert seconds("fp16", half, product_core_fraction=0.5) == 4000 / 2000 / 0.5


@pytest.mark.parametrize("pattern", [Pattern.STREAM, Pattern.STRIDED, Pattern.TRANSPOSED, Pattern.ROW])
def test_element_wise_kernels_issue_several_instructions_for_a_flop(pattern):
    """100 FLOPs of 20 instructions each, 50 of which are issued a second; row kernels are not counted so."""
    work = Work("elementwise", "float32", vector_flops=100, pattern=pattern)
    achieved = {"elementwise_instructions": 20, "issue_slots_per_second": 50}
    assert seconds("fp32", work, **achieved) == (100 / 1000 if pattern is Pattern.ROW else 100 * 20 / 50)
    assert seconds("fp32", work, elementwise_instructions=20) == 100 / 1000  # unknown schedulers bound nothing


@pytest.mark.parametrize(
    ("pattern", "dtype", "constant"),
    [
        (Pattern.DEPTHWISE_WEIGHT, "float32", "depthwise_weight_instructions"),
        (Pattern.DEPTHWISE_WEIGHT, "float16", "depthwise_weight_instructions"),
        (Pattern.DEPTHWISE_CUDNN_WEIGHT, "float32", "depthwise_cudnn_weight_instructions"),
        (Pattern.DEPTHWISE_CUDNN_WEIGHT, "float16", "depthwise_cudnn_weight_instructions_16bit"),
        (Pattern.DEPTHWISE_CUDNN_WEIGHT, "bfloat16", "depthwise_cudnn_weight_instructions_16bit"),
    ],
)
def test_depthwise_weight_gradients_issue_instructions_for_every_tap(pattern, dtype, constant):
    work = Work("weight gradient", dtype, macs=10, pattern=pattern)
    assert seconds("fp32", work, issue_slots_per_second=50, **{constant: 100}) == 10 * 100 / 50


@pytest.mark.parametrize("pattern", [Pattern.DEPTHWISE, Pattern.DEPTHWISE_DATA])
def test_pytorchs_depthwise_kernels_wait_for_dram_before_l1_serves_their_taps(pattern):
    work = Work(
        "forward", "float32", vector_flops=500, dram=Traffic(60, 40), l1=Traffic(960, 40), blocks=2, pattern=pattern
    )
    achieved = {"tap_l1_fraction": 0.5, "stream_dram_fraction": 0.25}
    assert seconds("l1", work, **achieved) == 1000 / 1000 / 0.5 + 100 / 100 / 0.25
    assert seconds("fp32", work, **achieved) == 500 / 1000 + 100 / 100 / 0.25
    times = times_of(work, tap_prologue_instructions=10, issue_slots_per_second=1024, launch_seconds=3)
    assert times.launching.tolist() == [3 + 2 * 1024 * 10 / 1024]


@pytest.mark.parametrize("pattern", [Pattern.DEPTHWISE_CUDNN, Pattern.DEPTHWISE_CUDNN_DATA])
def test_cudnns_depthwise_kernels_fetch_while_they_compute(pattern):
    work = Work("forward", "float32", dram=Traffic(60, 40), l1=Traffic(960, 40), blocks=2, pattern=pattern)
    assert seconds("l1", work, depthwise_cudnn_l1_fraction=0.5, tap_l1_fraction=0.1) == 1000 / 1000 / 0.5
    times = times_of(work, tap_prologue_instructions=10, issue_slots_per_second=1024, launch_seconds=3)
    assert times.launching.tolist() == [3]


def test_l2_is_held_to_its_bandwidth():
    assert seconds("l2", Work("forward", "float32", l2=Traffic(600, 200))) == 800 / 400


def test_launching_longer_than_the_longest_ceiling_is_the_bound():
    work = Work("copy", "float32", dram=Traffic(100, 0))
    assert times_of(work, launch_seconds=0.9).bound(0) == "dram"
    assert times_of(work, launch_seconds=1.1).bound(0) == "launch"
    assert times_of(work, launch_seconds=1.1).runs.tolist() == [1 + 1.1]


class Asked(dict):
    """Constants that remember which of them were asked for."""

    def __init__(self, values):
        super().__init__(values)
        self.keys_asked = set()

    def get(self, key, default=None):
        self.keys_asked.add(key)
        return super().get(key, default)


def test_the_model_asks_for_every_constant_of_the_data_and_for_no_other():
    """A constant under a name that nobody asks for would silently count as 1 or 0."""
    given = Asked({key: figure.value for key, figure in achievable(devices.get("a100")).items()})
    works = [
        Work("forward", dtype, 2, 2, 1, dram=Traffic(1, 1), blocks=1, product=TILE, pattern=pattern)
        for pattern in Pattern
        for dtype in ("float32", "float16")
    ]
    engines = [engines_of(work, TOY, get_precision("tf32")) for work in works]
    kernel_times(gather(works, engines), bounds_of(works, engines, TOY), given)
    assert given.keys_asked == set(given)
    assert set(constants()) <= set(given)
