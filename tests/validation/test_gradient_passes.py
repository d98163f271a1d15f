"""Which kernels of a backward convolution belong to which gradient, by the names that libraries gave them."""

from __future__ import annotations

import pytest

from memprof.profiles.records import Activity, Kernel
from memprof.validation.gradient_passes import BIAS, DATA, WEIGHT, split

TO, FROM = "void cudnn::ops::nchwToNhwcKernel<float>()", "void cudnn::ops::nhwcToNchwKernel<float>()"
ZERO = "Memset (Device)"
DGRAD, WGRAD = "sm80_xmma_dgrad_implicit_gemm_tf32f32", "sm80_xmma_wgrad_implicit_gemm_indexed_tf32f32"
GEMM = "void cutlass::Kernel<cutlass_80_tensorop_s1688gemm_64x64_16x6_nt_align4>()"
SUM = "void cudnn::cnn::reduce_wgrad_nchw_helper<float, float>()"
REDUCE = "void at::native::reduce_kernel<512, 1>()"


def kernels(*names: str) -> list[Kernel]:
    return [Kernel(name, 0, 1, Activity.FILL if name == ZERO else Activity.KERNEL) for name in names]


@pytest.mark.parametrize(
    ("data", "weight"),
    [
        ((TO, TO, DGRAD, FROM), (TO, TO, ZERO, WGRAD, FROM)),
        ((TO, TO, DGRAD, FROM), (TO, TO, ZERO, ZERO, WGRAD, WGRAD)),
        ((GEMM,), (TO, TO, ZERO, "_ZN19cutlass6KernelINS_4conv34Conv2dWgradOutputGradient", GEMM)),
        ((GEMM,), (GEMM, SUM)),
        (("scalePackedTensor_kernel", "dgrad_engine<float>"), (ZERO, "wgrad_alg0_engine<float>")),
        (
            ("computeOffsetsKernel()", "computeBOffsetsKernel()", "volta_scudnn_128x64_stridedB_interior_nn_v1"),
            ("computeWgradSplitKOffsetsKernel()", "computeWgradBOffsetsKernel()", ZERO, "volta_scudnn_splitK_nn_v1"),
        ),
        (
            ("winogradForwardData4x4", "winogradForwardFilter4x4", "volta_sgemm_64x64_nt", "winogradForwardOutput4x4"),
            ("winogradWgradData4x4", "winogradWgradDelta4x4", "volta_sgemm_64x64_nt", "winogradWgradOutput4x4"),
        ),
        (("conv_depthwise2d_backward_kernel<3>",), ("conv_depthwise2d_grad_weight_kernel",)),
        (("igemm_bwd_gtcx_nhwc",), ("igemm_wrw_gtcx_nhwc",)),
    ],
)
def test_what_prepares_a_kernel_and_what_converts_its_result_belong_to_its_pass(
    data: tuple[str, ...], weight: tuple[str, ...]
):
    parts = split(kernels(*data, *weight), (DATA, WEIGHT))

    assert parts is not None
    assert {name: tuple(kernel.name for kernel in part) for name, part in parts.items()} == {DATA: data, WEIGHT: weight}


def test_the_gradient_of_a_bias_comes_last():
    parts = split(kernels(DGRAD, WGRAD, REDUCE), (DATA, WEIGHT, BIAS))

    assert parts is not None
    assert [part[0].name for part in (parts[DATA], parts[WEIGHT], parts[BIAS])] == [DGRAD, WGRAD, REDUCE]
    assert split(kernels(TO, WGRAD, REDUCE), (WEIGHT, BIAS)) == {
        WEIGHT: tuple(kernels(TO, WGRAD)),
        BIAS: tuple(kernels(REDUCE)),
    }


def test_one_pass_has_all_kernels():
    assert split(kernels(TO, GEMM), (WEIGHT,)) == {WEIGHT: tuple(kernels(TO, GEMM))}


@pytest.mark.parametrize(
    ("names", "passes"),
    [
        ((GEMM, GEMM), (DATA, WEIGHT)),  # nothing tells which is which
        ((WGRAD, DGRAD), (DATA, WEIGHT)),  # not the order that PyTorch has
        ((TO, ZERO, WGRAD), (DATA, WEIGHT)),  # no data gradient at all
        ((DGRAD, WGRAD), (DATA, WEIGHT, BIAS)),
        ((REDUCE,), (WEIGHT, BIAS)),
        ((SUM,), (DATA, WEIGHT)),
        ((), (DATA, WEIGHT, BIAS)),
    ],
)
def test_kernels_that_do_not_tell_are_not_split(names: tuple[str, ...], passes: tuple[str, ...]):
    assert split(kernels(*names), passes) is None
