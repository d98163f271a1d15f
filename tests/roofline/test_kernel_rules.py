"""The rule of each pattern, on one kernel with made constants: 100 B/s of DRAM, 1000 of L1, 1000 FLOP/s."""

from __future__ import annotations

from dataclasses import replace

import pytest

from memprof import devices
from memprof.devices.achievable import achievable, constants
from memprof.operators.work import Conversion, Pattern, Product, Traffic, Winograd, Work
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
    return kernel_times(gather(works, engines), bounds_of(works, engines, TOY), replace(TOY, achievable=achieved))


def seconds(name, *works, precision="tf32", **achieved):
    """Return the seconds of the last kernel under the ceiling `name`."""
    times = times_of(*works, precision=precision, **achieved)
    return times.seconds[times.names.index(name), -1]


DRAM_CONSTANT = {
    Pattern.STREAM: "stream",
    Pattern.STRIDED: "stream",
    Pattern.TRANSPOSED: "row",
    Pattern.ROW: "row",
    Pattern.MATMUL: "product",
    Pattern.UNALIGNED: "unaligned",
    Pattern.CONVOLUTION: "product",
    Pattern.POINTWISE: "product",
    Pattern.WEIGHT_GRADIENT: "product",
    Pattern.POINTWISE_WEIGHT: "product",
    Pattern.FEW_CHANNELS: "product",
    Pattern.GROUPED: "product",
    Pattern.GROUPED_WEIGHT: "product",
    Pattern.GROUPED_WEIGHT_PACKED: "product",
    Pattern.ATTENTION: "stream",
    Pattern.ATTENTION_BACKWARD: "stream",
    Pattern.DEPTHWISE: "stream",
    Pattern.DEPTHWISE_DATA: "stream",
    Pattern.DEPTHWISE_WEIGHT: "stream",
    Pattern.DEPTHWISE_CUDNN: "stream",
    Pattern.DEPTHWISE_CUDNN_DATA: "stream",
    Pattern.DEPTHWISE_CUDNN_WEIGHT: "stream",
}


@pytest.mark.parametrize("pattern", Pattern)
def test_every_pattern_reaches_a_fraction_of_dram_bandwidth(pattern):
    """200 bytes at 100 B/s, a quarter of which is reached."""
    work = Work("forward", "float32", matrix_flops=1e-6, dram=Traffic(150, 50), pattern=pattern)
    assert seconds("dram", work, **{f"{DRAM_CONSTANT[pattern]}_dram_fraction": 0.25}) == 200 / 100 / 0.25
    others = {f"{name}_dram_fraction": 0.25 for name in set(DRAM_CONSTANT.values()) - {DRAM_CONSTANT[pattern]}}
    assert seconds("dram", work, **others) == 200 / 100


def test_products_on_cuda_cores_have_a_fraction_of_dram_bandwidth_of_their_own():
    work = Work("forward", "float32", matrix_flops=1e-6, dram=Traffic(150, 50), pattern=Pattern.MATMUL)
    fractions = {"product_dram_fraction": 0.1, "core_product_dram_fraction": 0.25}
    assert seconds("dram", work, precision="amp-fp16", **fractions) == 200 / 100 / 0.25


def test_what_the_kernel_before_left_in_l2_moves_through_that():
    """All 50 bytes read are found, 110 - 100 of those written stay: 60 at 400 B/s, 40 at 100 B/s x 0.25."""
    first, second = Work("copy", "float32", dram=Traffic(0, 60)), Work("copy", "float32", dram=Traffic(50, 50))
    constant = {"stream_dram_fraction": 0.25}
    assert seconds("dram", first, second, l2_capacity_bytes=110, **constant) == 40 / 25 + 60 / 400
    assert seconds("dram", first, second, l2_capacity_bytes=0, **constant) == 100 / 25
    assert seconds("dram", second, l2_capacity_bytes=110, stream_l2_fraction=0.5) == 90 / 100 + 10 / 200


def test_rows_that_l2_cannot_hold_are_read_from_dram_twice():
    """2 SMs x 4 rows of 20 bytes are 160 bytes: more than 1.15 times a capacity of 100, but fewer than 0.9 x 200."""
    work = Work("forward", "float32", dram=Traffic(200, 200), blocks=10, resident_blocks=4, row_bytes=20)
    assert seconds("dram", work, sm_count=2, l2_capacity_bytes=100) == (400 + 10 * 20) / 100
    halved = {"sm_count": 2, "l2_capacity_bytes": 200, "compute_capability": 8.0}
    assert seconds("dram", work, **halved) == (400 + 10 * 20) / 100
    assert seconds("dram", work, **{**halved, "compute_capability": 8.6}) == 400 / 100


CONVERTED = Work(
    "forward",
    "float16",
    matrix_flops=16,
    dram=Traffic(60, 40),
    conversions=(Conversion(300, 10), Conversion(50, 640)),
    pattern=Pattern.CONVOLUTION,
)


def test_what_cudnn_converts_on_tensor_cores_takes_kernels_of_its_own():
    """300 bytes at 100 B/s x 0.5; 640 blocks, 8 at a time on 2 SMs, of 4 waits of 0.25 s; two launches."""
    settings = {"sm_count": 2, "stream_dram_fraction": 0.5, "serial_load_seconds": 0.25, "launch_seconds": 7}
    expected = 100 / 100 + 300 / 50 + 640 / 16 * 4 * 0.25 + 2 * 7
    assert seconds("dram", CONVERTED, precision="fp16", **settings) == expected
    assert seconds("dram", CONVERTED, precision="amp-bf16", **settings) == 1  # on CUDA cores nothing is converted


def test_a_conversion_that_fits_in_l2_streams_through_it():
    settings = {"l2_capacity_bytes": 300, "stream_l2_fraction": 0.5}
    assert seconds("dram", CONVERTED, precision="fp16", **settings) == 60 / 100 + 40 / 200 + 350 / 200


def test_loads_that_follow_one_another_take_their_latency_in_as_many_turns_as_blocks_need():
    work = Work("forward", "float32", dram=Traffic(100, 0), blocks=24, serial_steps=7, resident_blocks=4)
    assert seconds("latency", work, serial_load_seconds=2.0, sm_count=3) == 24 / 12 * 7 * 2.0
    assert seconds("latency", work, serial_load_seconds=2.0, sm_count=100) == 7 * 2.0
    assert times_of(work, serial_load_seconds=2.0, sm_count=3).bound(0) == "latency"
    assert times_of(work, serial_load_seconds=0.1, sm_count=100).bound(0) == "dram"


TILE = Product(1, 256, 128, 32)  # one whole tile on tensor cores
TENSOR_CONSTANT = {
    Pattern.MATMUL: "matmul",
    Pattern.UNALIGNED: "matmul",
    Pattern.CONVOLUTION: "convolution",
    Pattern.POINTWISE: "convolution",
    Pattern.WEIGHT_GRADIENT: "weight_gradient",
    Pattern.POINTWISE_WEIGHT: "weight_gradient",
    Pattern.FEW_CHANNELS: "few_channels",
    Pattern.GROUPED: "grouped",
    Pattern.GROUPED_WEIGHT: "grouped_weight",
    Pattern.GROUPED_WEIGHT_PACKED: "grouped_weight_packed",
    Pattern.ATTENTION: "attention",
    Pattern.ATTENTION_BACKWARD: "attention",
}
UNTILED = ["few_channels", "grouped", "grouped_weight", "grouped_weight_packed", "attention"]


TOY_L2 = replace(TOY, memory_bytes_per_second={"dram": 100.0})


def on_tensor(work, precision="fp16", **achieved):
    """Return the seconds on tensor cores where nothing bounds what tiles fetch."""
    engines = [engines_of(work, TOY_L2, get_precision(precision))]
    bounds = bounds_of([work], engines, TOY_L2)
    times = kernel_times(gather([work], engines), bounds, replace(TOY_L2, achievable=achieved))
    return times.seconds[times.names.index("tensor"), 0]


def matrix_work(dtype, pattern, product=TILE, **more):
    macs = product.batch * product.m * product.n * product.k
    return Work("forward", dtype, matrix_flops=2 * macs, macs=macs, product=product, pattern=pattern, **more)


SECONDS = 2 * 256 * 128 * 32 / 8000


@pytest.mark.parametrize("pattern", TENSOR_CONSTANT)
def test_every_matrix_pattern_reaches_a_fraction_of_the_tensor_peak(pattern):
    name = TENSOR_CONSTANT[pattern]
    work = matrix_work("float16", pattern)
    assert on_tensor(work, **{f"{name}_tensor_fraction": 0.25}) == pytest.approx(SECONDS / 0.25)
    half = matrix_work("float16", pattern, Product(1, 256, 128, 16))
    assert on_tensor(half) == pytest.approx(SECONDS / 2 if name in UNTILED else SECONDS)
    hides_it = name in UNTILED or name == "weight_gradient"
    assert on_tensor(work, tile_prologue_depth=8) == pytest.approx(SECONDS * (1 if hides_it else (32 + 8) / 32))


def test_tf32_products_have_fractions_of_their_own_the_less_if_an_operand_is_turned():
    straight, turned = (matrix_work("float32", Pattern.MATMUL, replace(TILE, turned=it)) for it in (False, True))
    fractions = {"matmul_tf32_tensor_fraction": 0.5, "turned_tf32_tensor_fraction": 0.25}
    assert on_tensor(straight, "tf32", **fractions) == pytest.approx(SECONDS / 0.5)
    assert on_tensor(turned, "tf32", **fractions) == pytest.approx(SECONDS / 0.25)
    assert on_tensor(matrix_work("float16", Pattern.MATMUL, replace(TILE, turned=True)), **fractions) == SECONDS


def test_padded_work_takes_its_time():
    work = matrix_work("float16", Pattern.ATTENTION, padding=3)
    assert on_tensor(work, attention_tensor_fraction=0.5) == pytest.approx(3 * SECONDS / 0.5)


def test_tf32_leaves_an_image_to_cuda_cores_and_converts_nothing_for_it():
    work = replace(matrix_work("float32", Pattern.FEW_CHANNELS), conversions=(Conversion(1000, 1),))
    assert on_tensor(work, "tf32") == 0
    assert seconds("fp32", work, first_layer_core_fraction=0.5) == 2 * 256 * 128 * 32 / 1000 / 0.5


CORE_TILE = Product(1, 128, 128, 32)
CORE_SECONDS = 2 * 128 * 128 * 32 / 1000


def test_a_product_on_cuda_cores_takes_their_tiles_and_their_fraction():
    settings = {"precision": "amp-fp16", "product_core_fraction": 0.5}  # which leaves float32 to the CUDA cores
    work = matrix_work("float32", Pattern.MATMUL, CORE_TILE)
    assert seconds("fp32", work, **settings, tile_prologue_depth=99) == pytest.approx(CORE_SECONDS / 0.5)
    convolution = matrix_work("float32", Pattern.CONVOLUTION, CORE_TILE)
    assert seconds("fp32", convolution, **settings) == pytest.approx(CORE_SECONDS / 0.5 / 0.93)
    gradient = matrix_work("float32", Pattern.WEIGHT_GRADIENT, CORE_TILE)
    assert seconds("fp32", gradient, **settings) == pytest.approx(CORE_SECONDS / 0.5 / 0.7)
    half = matrix_work("float16", Pattern.MATMUL, CORE_TILE)
    assert seconds("fp16", half, precision="amp-bf16", product_core_fraction=0.5) == pytest.approx(CORE_SECONDS)


def test_batches_on_cuda_cores_run_in_smaller_tiles_before_ampere():
    """64 x 64 results: a quarter of Ampere's only tile, a whole one of Volta's, which runs at 0.85."""
    work = matrix_work("float32", Pattern.MATMUL, Product(2, 64, 64, 32))
    assert seconds("fp32", work, precision="amp-fp16", compute_capability=8.0) == pytest.approx(2 * CORE_SECONDS)
    volta = 2 * CORE_SECONDS / 4 / 0.85
    assert seconds("fp32", work, precision="amp-fp16", compute_capability=7.0) == pytest.approx(volta)


def test_a_vector_is_no_product_of_tiles_on_cuda_cores():
    """1 x 64 results of depth 32, twice: 2 x 2 x 64 x 32 FLOPs at 1000 FLOP/s."""
    work = matrix_work("float32", Pattern.MATMUL, Product(2, 1, 64, 32))
    assert seconds("fp32", work, precision="amp-fp16", compute_capability=8.0) == 2 * 2 * 64 * 32 / 1000


def test_winograd_takes_over_where_its_transforms_cost_less_than_its_products_save():
    """128 tiles of 4 x 4, 128 channels and filters: 36 products instead of 9 x 16. Their transforms write or read 36 x
    128 x 128 elements of input and output once and of the weight twice, at 1e9 B/s. The fused algorithm's 64 patches of
    32 tiles of 2 x 2, 16 x (128 + 16) deep, take longer.
    """
    fast = replace(TOY, memory_bytes_per_second={"dram": 1e9})
    product = Product(1, 128 * 16, 128, 9 * 128)
    work = matrix_work("float32", Pattern.CONVOLUTION, product, winograd=Winograd(128, 64))
    engines = [engines_of(work, fast, get_precision("amp-fp16"))]
    times = kernel_times(gather([work], engines), bounds_of([work], engines, fast), fast)
    products = 36 * 2 * 128**3 / 1000
    transforms = 4 * 36 * 4 * 128 * 128 / 1e9
    assert times.seconds[times.names.index("fp32"), 0] == pytest.approx(products + transforms)
    direct = replace(work, winograd=None)
    times = kernel_times(gather([direct], engines), bounds_of([direct], engines, fast), fast)
    assert times.seconds[times.names.index("fp32"), 0] == pytest.approx(2 * 128 * 16 * 128 * 9 * 128 / 1000 / 0.93)


def test_the_fused_winograd_kernel_takes_patches_of_32_tiles_by_32_filters():
    """One patch and 32 filters: 16 products of 32 x 32, 64 + 16 channels deep; a weight crosses 4 x (32 + 9) bytes."""
    fast = replace(TOY, memory_bytes_per_second={"dram": 1e6})
    product = Product(1, 128, 32, 9 * 64)
    work = matrix_work("float32", Pattern.CONVOLUTION, product, winograd=Winograd(8, 1))
    engines = [engines_of(work, fast, get_precision("amp-fp16"))]
    times = kernel_times(gather([work], engines), bounds_of([work], engines, fast), fast)
    expected = 2 * 16 * 32 * 32 * (64 + 16) / 1000 + 4 * (32 + 9) * 64 * 32 / 1e6
    assert times.seconds[times.names.index("fp32"), 0] == pytest.approx(expected)


def test_of_few_channels_cudnn_takes_direct_kernels():
    work = matrix_work("float32", Pattern.CONVOLUTION, Product(1, 128, 32, 9 * 16), winograd=Winograd(8, 1))
    engines = [engines_of(work, TOY_L2, get_precision("amp-fp16"))]
    times = kernel_times(gather([work], engines), bounds_of([work], engines, TOY_L2), TOY_L2)
    direct = 2 * (2 * 128 * 32) * 160 / 1000 / 0.93  # a block of 128 x 32 takes as long as one of 128 x 64
    assert times.seconds[times.names.index("fp32"), 0] == pytest.approx(direct)


def test_power_lowers_the_clock_of_busy_matrix_work():
    """At its peak of 1,000 FLOP/s the toy switches 320 W, and 80 of 100 are left: the clock halves."""
    work = matrix_work("float16", Pattern.MATMUL)
    power = {"power_watts": 100, "core_joules": 0.32}
    assert on_tensor(work, **power) == pytest.approx(2 * SECONDS)
    assert on_tensor(work, matmul_tensor_fraction=0.25, **power) == pytest.approx(SECONDS / 0.25)
    assert on_tensor(work, **power, tensor_switching_fraction=0.5) == pytest.approx(2**0.5 * SECONDS)
    core = matrix_work("float32", Pattern.MATMUL, CORE_TILE)
    assert seconds("fp32", core, precision="amp-fp16", **power) == pytest.approx(2 * CORE_SECONDS)


def test_instructions_that_a_kernel_states_are_issued():
    work = Work("data gradient", "float32", dram=Traffic(100, 0), instructions=500)
    assert seconds("issue", work, issue_slots_per_second=50) == 10
    assert times_of(work, issue_slots_per_second=50).bound(0) == "issue"
    assert seconds("issue", work) == 0  # unknown schedulers bound nothing


@pytest.mark.parametrize(
    ("pattern", "dtype", "constant"),
    [
        (Pattern.DEPTHWISE_WEIGHT, "float32", "depthwise_weight_instructions"),
        (Pattern.DEPTHWISE_WEIGHT, "float16", "depthwise_weight_instructions"),
        (Pattern.DEPTHWISE_CUDNN_WEIGHT, "float32", "depthwise_weight_instructions"),
        (Pattern.DEPTHWISE_CUDNN_WEIGHT, "float16", "depthwise_cudnn_weight_instructions_16bit"),
        (Pattern.DEPTHWISE_CUDNN_WEIGHT, "bfloat16", "depthwise_cudnn_weight_instructions_16bit"),
    ],
)
def test_depthwise_weight_gradients_issue_instructions_for_every_tap(pattern, dtype, constant):
    work = Work("weight gradient", dtype, macs=10, pattern=pattern)
    assert seconds("issue", work, issue_slots_per_second=50, **{constant: 100}) == 10 * 100 / 50


@pytest.mark.parametrize("pattern", [Pattern.DEPTHWISE, Pattern.DEPTHWISE_DATA])
def test_pytorchs_depthwise_kernels_wait_for_dram_before_l1_serves_their_taps(pattern):
    work = Work(
        "forward", "float32", vector_flops=500, dram=Traffic(60, 40), l1=Traffic(960, 40), blocks=2, pattern=pattern
    )
    achieved = {"tap_l1_fraction": 0.5, "stream_dram_fraction": 0.25}
    assert seconds("l1", work, **achieved) == 1000 / 1000 / 0.5 + 100 / 100 / 0.25
    assert seconds("issue", work, **achieved) == 100 / 100 / 0.25
    times = times_of(work, tap_prologue_instructions=10, issue_slots_per_second=1024, launch_seconds=3)
    assert times.launching.tolist() == [3 + 2 * 1024 * 10 / 1024]


@pytest.mark.parametrize("pattern", [Pattern.DEPTHWISE_CUDNN, Pattern.DEPTHWISE_CUDNN_DATA])
def test_cudnns_depthwise_kernels_fetch_while_they_compute(pattern):
    work = Work("forward", "float32", dram=Traffic(60, 40), l1=Traffic(960, 40), blocks=2, pattern=pattern)
    assert seconds("l1", work, tap_l1_fraction=0.1) == 1000 / 1000
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
    given = Asked({key: figure.value for key, figure in achievable(devices.get("rtx-3090")).items()})
    works = [
        Work("forward", dtype, 2, 2, 1, dram=Traffic(1, 1), blocks=1, product=product, pattern=pattern)
        for pattern in Pattern
        for dtype in ("float32", "float16")
        for product in (TILE, replace(TILE, batch=2))
    ]
    roofs = replace(TOY, achievable=given)
    for precision in ("tf32", "fp16"):
        engines = [engines_of(work, TOY, get_precision(precision)) for work in works]
        kernel_times(gather(works, engines), bounds_of(works, engines, TOY), roofs)
    assert given.keys_asked - {"launch_gap_seconds"} == set(given) - {"launch_gap_seconds"}
    assert set(constants()) - {"launch_cycles"} <= set(given)  # which are seconds of a device


def test_sms_without_a_block_issue_nothing():
    work = Work("forward", "float32", dram=Traffic(1, 1), blocks=2, instructions=1000)
    assert seconds("issue", work, issue_slots_per_second=100, sm_count=8) == 1000 / 100 * 8 / 2
    assert seconds("issue", work, issue_slots_per_second=100, sm_count=1) == 1000 / 100
    assert seconds("issue", replace(work, blocks=None), issue_slots_per_second=100, sm_count=8) == 1000 / 100
