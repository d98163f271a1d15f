"""Rows of kernels become the calls that PyTorch makes, and their latencies are the kernel's and the protocol's."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from memprof.tensors.spec import TensorSpec
from memprof.validation.kernel_records import KernelMeasurement
from memprof.validation.kernel_rows import AFTER_LAUNCH_SECONDS, HOST_SECONDS, read_kernels
from memprof.validation.kernels import KernelCase, kernel_point, operator_errors, validate_kernels
from memprof.validation.tables import MeasurementError, Row, read_table
from tests.validation.files import table

PUBLISHED = Path(__file__).parents[3] / "shared" / "published"
DEVICE = "NVIDIA A100-PCIE-40GB"
NEUSIGHT = "OPName,Latency,Device,B,H,M,N,K,Input_Channel,Output_Channel,Kernel_Szie,Input_Size,Stride,Padding"
STACK = "device,dtype,input_shape_nchw,layers,kernel,implementation,stack_milliseconds"
DEPTHWISE = 'RTX 2080Ti,fp32,"8,16,32,32",24,7,PyTorch,14.4'
SIZES = {
    "add": "4,8,,,,,,,,,",
    "relu": "4,8,,,,,,,,,",
    "gelu": "4,8,,,,,,,,,",
    "ln": "4,8,,,,,,,,,",
    "softmax": "4,8,,,,,,,,,",
    "linear": "2,,3,5,7,,,,,,",
    "bmm": "2,,3,5,7,,,,,,",
    "conv": "2,,,,,3,5,3,9,2,1",
}
PRODUCT = "source,device,stack,dtype,m,n,k,milliseconds"
CONVOLUTION = "device,dtype,n,c,h,w,k,r,s,pad_h,pad_w,stride_h,stride_w,pass_,milliseconds,algorithm"


def product(dtype: str = "bfloat16", sizes: str = "4096,512,1024", milliseconds: str = "0.1") -> str:
    return f"me,a100-sxm4-80gb,v1,{dtype},{sizes},{milliseconds}"


def convolution(pass_name: str = "forward", dtype: str = "fp32", algorithm: str = "", padding: str = "1,0") -> str:
    return f"v100-sxm2,{dtype},2,6,9,20,5,3,4,{padding},2,3,{pass_name},0.5,{algorithm}"


def neusight(operator: str, latency: str = "0.5") -> str:
    return f"{operator},{latency},{DEVICE},{SIZES.get(operator, SIZES['add'])}"


def measurement(row: str, columns: str = NEUSIGHT) -> KernelMeasurement:
    (entry,) = read_kernels(table(row, columns=columns))
    assert entry.measurement is not None, entry.reason
    return entry.measurement


@pytest.mark.parametrize(
    ("operator", "name", "shapes"),
    [
        ("add", "aten::add", [(4, 8), (4, 8)]),
        ("relu", "aten::relu", [(4, 8)]),
        ("gelu", "aten::gelu", [(4, 8)]),
        ("ln", "aten::native_layer_norm", [(4, 8), (8,), (8,)]),
        ("softmax", "aten::_softmax", [(4, 8)]),
        ("linear", "aten::addmm", [(7,), (2 * 3, 5), (5, 7)]),
        ("bmm", "aten::bmm", [(2, 3, 5), (2, 5, 7)]),
        ("conv", "aten::convolution", [(2, 3, 9, 9), (5, 3, 3, 3)]),
    ],
)
def test_calls_of_neusights_operators(operator: str, name: str, shapes: list[tuple[int, ...]]):
    kernel = measurement(neusight(operator))

    assert kernel.call.name == name
    assert [tensor.shape for tensor in kernel.call.tensors()] == shapes
    assert {tensor.dtype for tensor in kernel.call.tensors()} == {"float32"}
    assert (kernel.device, kernel.seconds) == ("a100-pcie-40gb", 0.5e-3)
    assert kernel_point(kernel) is not None


def test_strides_are_those_of_contiguous_tensors_and_of_a_transposed_weight():
    image = measurement(neusight("conv")).call.tensor(0)
    weight = measurement(neusight("linear")).call.tensor(2)

    assert image == TensorSpec((2, 3, 9, 9), (3 * 9 * 9, 9 * 9, 9, 1), "float32")
    assert weight == TensorSpec((5, 7), (1, 5), "float32")


def test_work_of_a_matrix_product_and_of_an_addition():
    points = [kernel_point(measurement(neusight(operator))) for operator in ("bmm", "add")]
    works = [work for point in points if point for work in point.costed.works]

    assert works[0].macs == 2 * 3 * 5 * 7
    assert works[1].dram.total_bytes == 3 * 4 * 8 * 4


def test_a_stack_is_its_layers_one_after_another():
    kernel = measurement(DEPTHWISE, STACK)
    point = kernel_point(kernel)
    (case,) = validate_kernels(table(DEPTHWISE, columns=STACK)).cases

    assert (kernel.calls, kernel.operator, kernel.seconds) == (24, "depthwise k=7", 14.4e-3)
    assert [tensor.shape for tensor in kernel.call.tensors()] == [(8, 16, 32, 32), (16, 1, 7, 7)]
    assert kernel.call.argument(4) == (3, 3)
    assert point is not None
    assert point.costed.works[0].macs == 8 * 16 * 32 * 32 * 7 * 7
    assert case.predicted_seconds == pytest.approx(24 * point.seconds)


def test_short_latencies_are_the_hosts_and_long_ones_the_kernels():
    short, long = validate_kernels(
        table(neusight("add"), f"add,1,{DEVICE},100000,1000,,,,,,,,,", columns=NEUSIGHT)
    ).cases
    point = kernel_point(measurement(f"add,1,{DEVICE},100000,1000,,,,,,,,,"))

    assert short.predicted_seconds == HOST_SECONDS["add"]
    assert point is not None
    assert long.predicted_seconds == pytest.approx(HOST_SECONDS["add"] - AFTER_LAUNCH_SECONDS + point.seconds)
    # The kernel itself moves 12 bytes for each of 10^8 elements at no more than 1555 GB/s; at least what L2 holds of
    # neither what is read nor what is written, 40 MiB each, must.
    assert point.seconds > 12 * 1e8 / 1555e9
    assert long.roofline_seconds == pytest.approx((12 * 1e8 - 2 * 40 * 2**20) / 1555e9, rel=1e-6)


def test_waiting_for_the_host_is_not_in_a_kernels_time():
    point = kernel_point(measurement(neusight("relu")))

    assert point is not None
    assert point.bound != "host"


@pytest.mark.parametrize(
    ("row", "columns", "reason"),
    [
        (neusight("conv3d"), NEUSIGHT, "operator 'conv3d' is none of add, relu"),
        (neusight("add", "-1"), NEUSIGHT, "Latency -1 is not above zero"),
        (neusight("add", "x"), NEUSIGHT, "Latency 'x' is no number"),
        (neusight("add").replace(DEVICE, "A1000"), NEUSIGHT, "unknown device 'A1000'"),
        (neusight("add").replace("4,8", "0,8"), NEUSIGHT, "B 0 is not above zero"),
        (neusight("add").replace("4,8", "4,"), NEUSIGHT, "H '' is no whole number"),
        (f"add,0.5,{DEVICE}", "OPName,Latency,Device", "there is no column B"),
        (neusight("conv").replace("9,2,1", "1,1,0"), NEUSIGHT, "a kernel of 3 does not fit an image of 1"),
        (DEPTHWISE.replace("PyTorch", "ours"), STACK, "ours is not PyTorch's own kernel"),
        (DEPTHWISE.replace("fp32", "fp16"), STACK, "dtype 'fp16' is not fp32"),
        (DEPTHWISE.replace(",32,32", ""), STACK, "input_shape_nchw is not four sizes"),
        (DEPTHWISE.replace("24,7", "24,6"), STACK, "kernel 6 is even"),
        (DEPTHWISE.replace("24,7", "24"), STACK, "6 values where the header names 7 columns"),
    ],
)
def test_a_row_that_cannot_be_predicted_says_why(row: str, columns: str, reason: str):
    good = DEPTHWISE if columns == STACK else neusight("add")
    rows = [row] if columns.endswith("Device") else [row, good]
    first, *others = read_kernels(table(*rows, columns=columns))

    assert first.measurement is None
    assert reason in first.reason
    assert all(entry.measurement for entry in others)


@pytest.mark.parametrize(
    ("rows", "columns", "message"),
    [
        ((), STACK, "holds no kernel"),
        ((neusight("what"),), NEUSIGHT, "nothing in file.csv can be predicted: line 2: operator 'what'"),
        (("1,2",), "a,b", "file.csv is no file of kernels"),
        (("1,2",), "OPName,Latency", "lacks the column Device"),
        (("1",), "stack_milliseconds", "lacks the columns device, dtype"),
    ],
)
def test_a_file_of_which_nothing_can_be_predicted_is_an_error(rows: tuple[str, ...], columns: str, message: str):
    with pytest.raises(MeasurementError) as caught:
        validate_kernels(table(*rows, columns=columns))

    assert message in str(caught.value)


def test_errors_by_operator_by_hand():
    def case(operator: str, measured: float, predicted: float | None) -> KernelCase:
        return KernelCase(Row(2, ()), operator, "d", measured_seconds=measured, predicted_seconds=predicted)

    cases = [
        case("depthwise k=11", 1.0, 1.1),
        case("depthwise k=3", 1e-3, 0.8e-3),
        case("depthwise k=3", 10e-6, 10e-6),
        replace(case("depthwise k=3", 1.0, None), skipped_because="x"),
    ]
    three, eleven = operator_errors(cases)

    assert (three.operator, three.errors.count, three.long.count, three.skipped) == ("depthwise k=3", 2, 1, 1)
    assert three.errors.median_absolute_percentage_error == pytest.approx((0.2 + 0.0) / 2)
    assert three.long.mean_absolute_percentage_error == pytest.approx(0.2)
    assert (eleven.operator, eleven.errors.count) == ("depthwise k=11", 1)


def test_a_matrix_product_multiplies_by_a_transposed_weight():
    kernel = measurement(product(), PRODUCT)
    point = kernel_point(kernel)
    (case,) = validate_kernels(table(product(), columns=PRODUCT)).cases

    assert kernel.call.name == "aten::mm"
    assert kernel.call.tensor(0) == TensorSpec((4096, 1024), (1024, 1), "bfloat16")
    assert kernel.call.tensor(1) == TensorSpec((1024, 512), (1, 1024), "bfloat16")
    assert (kernel.device, kernel.precision, kernel.seconds) == ("a100-sxm4-80gb", "bf16", 0.1e-3)
    assert point is not None
    assert point.engine == "tensor"
    assert point.costed.works[0].macs == 4096 * 512 * 1024
    # Nothing is added to the kernel, which computes at 312 TFLOP/s at most.
    assert case.predicted_seconds == point.seconds
    assert point.seconds > 2 * 4096 * 512 * 1024 / 312e12
    assert case.label == "linear, bf16"


@pytest.mark.parametrize(
    ("pass_name", "name", "shapes", "step"),
    [
        ("forward", "aten::convolution", [(2, 6, 9, 20), (5, 6, 3, 4)], "forward"),
        # (9 + 2 * 1 - 3) / 2 + 1 rows and (20 - 4) / 3 + 1 columns, rounded down.
        ("grad_input", "aten::convolution_backward", [(2, 5, 5, 6), (2, 6, 9, 20), (5, 6, 3, 4)], "data gradient"),
        ("grad_weight", "aten::convolution_backward", [(2, 5, 5, 6), (2, 6, 9, 20), (5, 6, 3, 4)], "weight gradient"),
    ],
)
def test_each_pass_of_a_convolution_is_a_call_of_its_own(
    pass_name: str, name: str, shapes: list[tuple[int, ...]], step: str
):
    for dtype, stored, engine in (("fp32", "float32", "fp32"), ("fp16-tensor", "float16", "tensor")):
        kernel = measurement(convolution(pass_name, dtype), CONVOLUTION)
        point = kernel_point(kernel)

        assert kernel.call.name == name
        assert [tensor.shape for tensor in kernel.call.tensors()] == shapes
        assert {tensor.dtype for tensor in kernel.call.tensors()} == {stored}
        assert point is not None
        assert point.engine == engine
        assert [work.step for work in point.costed.works] == [step]
        assert point.costed.works[0].macs == 2 * 5 * 5 * 6 * 6 * 3 * 4


def test_errors_are_told_by_pass_and_dtype_then_by_algorithm():
    rows = [convolution("grad_weight"), convolution(dtype="fp16-tensor", algorithm="WINOGRAD")]
    rows += [convolution(algorithm=name) for name in ("WINOGRAD", "LICIT_PRECOMP_GEMM", "IMPLICIT_PRECOMP_GEMM")]
    cases = validate_kernels(table(*rows, columns=CONVOLUTION)).cases

    assert [(item.label, item.errors.count) for item in operator_errors(cases)] == [
        ("conv, weight gradient, fp32", 1),
        ("conv, forward, fp16", 1),
        ("conv, forward, fp32", 3),
        ("implicit precomp gemm", 2),
        ("winograd", 1),
    ]


@pytest.mark.parametrize(
    ("row", "columns", "reason"),
    [
        (product("int8"), PRODUCT, "dtype 'int8' is none of bfloat16, float16"),
        (product(sizes="0,1,1"), PRODUCT, "m 0 is not above zero"),
        (product(milliseconds="-1"), PRODUCT, "milliseconds -1 is not above zero"),
        (product().replace("a100-sxm4-80gb", "A1000"), PRODUCT, "unknown device 'A1000'"),
        (convolution("backward"), CONVOLUTION, "pass_ 'backward' is none of forward, grad_input, grad_weight"),
        (convolution(dtype="fp16"), CONVOLUTION, "dtype 'fp16' is none of fp32, fp16-tensor"),
        (convolution(padding="-1,0"), CONVOLUTION, "pad_h '-1' is no whole number"),
        (convolution().replace(",9,20,", ",1,20,").replace(",1,0,2", ",0,0,2"), CONVOLUTION, "3 x 4 does not fit"),
    ],
)
def test_a_row_of_a_librarys_kernel_that_cannot_be_predicted_says_why(row: str, columns: str, reason: str):
    good = product() if columns == PRODUCT else convolution()
    first, other = read_kernels(table(row, good, columns=columns))

    assert first.measurement is None
    assert reason in first.reason
    assert other.measurement is not None


@pytest.mark.parametrize(("columns", "missing"), [("m,n,device", "dtype, k, milliseconds"), ("pass_,n,c", "device")])
def test_a_file_of_library_kernels_lacks_columns(columns: str, missing: str):
    with pytest.raises(MeasurementError, match=f"lacks the columns {missing}"):
        read_kernels(table("1,2,3", columns=columns))


@pytest.mark.skipif(not PUBLISHED.exists(), reason="../shared/published is not beside this checkout")
def test_every_row_of_the_published_files_is_read():
    for name, rows in (("kernels_gemm_bf16.csv", 9000), ("kernels_conv_deepbench_v100.csv", 544)):
        entries = read_kernels(read_table(PUBLISHED / name))

        assert len(entries) == rows
        assert all(entry.measurement for entry in entries)
