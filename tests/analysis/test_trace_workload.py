"""What the operators of a trace tell of its workload."""

from __future__ import annotations

import pytest

from memprof.analysis.trace_workload import is_on_cuda_cores, precision_of, workload_of
from memprof.calls import OperatorCall
from memprof.operators.work import Work
from memprof.profiles.records import Kernel
from memprof.report.record import Workload
from memprof.roofline.points import CostedCall
from memprof.vocabulary import Kind, Phase
from tests.operators.building import channels_last, tensor

ALL = ("fp32", "tf32", "amp-fp16", "amp-bf16", "fp16", "bf16")


def costed(name, *inputs, kind=Kind.MATMUL, kernel="gemm", phase=Phase.FORWARD, works=1):
    call = OperatorCall(f"aten::{name}", inputs, phase=phase, kernels=(Kernel(kernel, 0, 1000),))
    return CostedCall(call, kind, (Work("forward", "float32"),) * works)


def convolution(source, weight):
    return costed("convolution", source, weight, kind=Kind.CONVOLUTION)


def test_images_tell_batch_and_resolution():
    calls = [
        convolution(tensor(32, 3, 160, 160), tensor(8, 3, 3, 3)),
        costed("mm", tensor(99, 7), tensor(7, 5), phase=Phase.BACKWARD),
    ]
    assert workload_of("net", calls, ALL, 1) == Workload("net", 32, 160, "train", "fp32", "channels-first")


def test_other_inputs_tell_the_batch_only():
    calls = [
        costed("view", tensor(5, 4), works=0, kind=Kind.LAYOUT),
        costed("mm", tensor(2048, 512), tensor(512, 64)),
        costed("add", tensor(16, 128, 512), kind=Kind.ELEMENTWISE),
    ]
    assert workload_of("net", calls, ALL, 1) == Workload("net", 16, None, "infer", "fp32", "channels-first")


def test_a_convolution_of_features_is_no_image():
    found = workload_of("net", [convolution(tensor(4, 64, 56, 56), tensor(8, 64, 1, 1))], ALL, 1)
    assert (found.batch_size, found.resolution) == (4, None)


def test_the_layout_is_that_of_most_convolutions():
    calls = [convolution(channels_last(2, 3, 8, 8), tensor(8, 3, 3, 3))] * 2
    calls.append(convolution(tensor(2, 8, 8, 8), tensor(8, 8, 3, 3)))
    assert workload_of("net", calls, ALL, 1).layout == "channels-last"


def test_nothing_is_told_by_nothing():
    assert workload_of("net", [], ALL, 1) == Workload("net", 1, None, "infer", "fp32", "channels-first")


@pytest.mark.parametrize(
    ("dtype", "kernel", "norm", "known", "precision"),
    [
        ("float32", "ampere_sgemm_128x64_tn", "float32", ALL, "fp32"),
        ("float32", "cutlass_tensorop_s1688tf32gemm_128x128", "float32", ALL, "tf32"),
        ("float32", "cutlass_80_tensorop_s1688gemm_256x64_16x4_nn_align4", "float32", ALL, "tf32"),
        ("float32", "sm90_xmma_gemm_f32f32_tf32f32_f32_tn", "float32", ("fp32",), "fp32"),
        ("float16", "turing_fp16_s1688gemm", "float32", ALL, "amp-fp16"),
        ("float16", "turing_fp16_s1688gemm", "float16", ALL, "fp16"),
        ("bfloat16", "ampere_bf16_s16816gemm", "bfloat16", ALL, "bf16"),
        ("bfloat16", "ampere_bf16_s16816gemm", "float32", ALL, "amp-bf16"),
        ("float64", "dgemm", "float64", ALL, "fp32"),
    ],
)
def test_dtypes_and_kernel_names_tell_the_precision(dtype, kernel, norm, known, precision):
    calls = [
        costed("mm", tensor(4, 4, dtype=dtype), tensor(4, 4, dtype=dtype), kernel=kernel),
        costed("native_layer_norm", tensor(4, 4, dtype=norm), kind=Kind.NORMALIZATION, kernel="norm"),
    ]
    assert precision_of(calls, known) == precision


def test_a_name_with_tf32_counts_for_matrix_operators_only():
    calls = [costed("add", tensor(4), kind=Kind.ELEMENTWISE, kernel="my_tf32_rounding"), costed("mm", tensor(4, 4))]
    assert precision_of(calls, ALL) == "fp32"


@pytest.mark.parametrize(
    ("kernel", "on_cuda_cores"),
    [
        ("ampere_sgemm_128x64_tn", True),
        ("void cutlass::Kernel<cutlass_80_simt_sgemm_128x32_8x5_nn_align1>", True),
        ("cudnn_infer_ampere_scudnn_128x64_relu_xregs_large_nn_v1", True),
        ("void implicit_convolve_sgemm<float, float, 1024, 5, 5, 3, 3, 3, 1, false, false, true>", True),
        ("void gemmSN_TN_kernel<float, 128, 16, 2, 4, 8, 9, false>", True),
        ("sm80_xmma_gemm_f32f32_tf32f32_f32_tn_n_tilesize128x64x32", False),
        ("void cutlass::Kernel<cutlass_80_tensorop_s1688gemm_256x64_16x4_nn_align4>", False),
        ("a kernel that says nothing", False),
    ],
)
def test_kernel_names_tell_whether_a_call_ran_on_cuda_cores(kernel, on_cuda_cores):
    assert is_on_cuda_cores(costed("mm", tensor(4, 4), tensor(4, 4), kernel=kernel)) is on_cuda_cores
    half = costed("mm", tensor(4, 4, dtype="float16"), tensor(4, 4, dtype="float16"), kernel=kernel)
    assert not is_on_cuda_cores(half)
    assert not is_on_cuda_cores(costed("add", tensor(4), kind=Kind.ELEMENTWISE, kernel=kernel))
