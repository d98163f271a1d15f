"""One kernel, two tools: what torch.profiler and Nsight Compute call it."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memprof.counters.names import KernelName, kernel_name

TRACES = Path(__file__).parents[3] / "shared" / "traces"
SAME = [
    (
        "void at::native::vectorized_elementwise_kernel<4, at::native::CUDAFunctor_add<float>, std::array<char*, 3ul> >"
        "(int, at::native::CUDAFunctor_add<float>, std::array<char*, 3ul>)",
        "void at::native::vectorized_elementwise_kernel<(int)4, at::native::CUDAFunctor_add<float>, "
        "std::array<char *, (unsigned long)3>>(int, T2, T3)",
    ),
    (
        "void at::native::elementwise_kernel<128, 2, at::native::gpu_kernel_impl_nocast<at::native::CUDAFunctor_add"
        "<float> >(at::TensorIteratorBase&, at::native::CUDAFunctor_add<float> const&)::{lambda(int)#1}>(int, "
        "at::native::gpu_kernel_impl_nocast<at::native::CUDAFunctor_add<float> >(at::TensorIteratorBase&, "
        "at::native::CUDAFunctor_add<float> const&)::{lambda(int)#1})",
        "void at::native::elementwise_kernel<(int)128, (int)2, void at::native::gpu_kernel_impl_nocast<"
        "at::native::CUDAFunctor_add<float>>(at::TensorIteratorBase &, const T1 &)::[lambda(int) (instance 1)]>"
        "(int, T3)",
    ),
    (
        "void at::native::elementwise_kernel<128, 2, at::native::gpu_kernel_impl<at::native::direct_copy_kernel_cuda("
        "at::TensorIteratorBase&)::{lambda()#3}::operator()() const::{lambda()#7}::operator()() const::{lambda(float)"
        "#1}>(at::TensorIteratorBase&, at::native::direct_copy_kernel_cuda(at::TensorIteratorBase&)::{lambda()#3}::"
        "operator()() const::{lambda()#7}::operator()() const::{lambda(float)#1} const&)::{lambda(int)#1}>(int)",
        "void at::native::elementwise_kernel<(int)128, (int)2, void at::native::gpu_kernel_impl<"
        "at::native::direct_copy_kernel_cuda(at::TensorIteratorBase &)::[lambda() (instance 3)]::operator ()() const::"
        "[lambda() (instance 7)]::operator ()() const::[lambda(float) (instance 1)]>(at::TensorIteratorBase &, "
        "const T1 &)::[lambda(int) (instance 1)]>(int, T3)",
    ),
    (
        "void (anonymous namespace)::softmax_warp_forward<float, float, float, 7, true, false>(float*, float const*)",
        "void <unnamed>::softmax_warp_forward<float, float, float, (int)7, (bool)1, (bool)0>(T2 *, const T1 *)",
    ),
    (
        "void at::native::(anonymous namespace)::CatArrayBatchedCopy<at::native::(anonymous namespace)::OpaqueType<2u>"
        ", unsigned int, 3, 64, 64>(at::native::(anonymous namespace)::OpaqueType<2u>*, int, unsigned int)",
        "void at::native::<unnamed>::CatArrayBatchedCopy<at::native::<unnamed>::OpaqueType<(unsigned int)2>, "
        "unsigned int, (int)3, (int)64, (int)64>(T1 *, at::native::<unnamed>::Metadata<T1, T2>, int)",
    ),
    (
        "void cutlass::Kernel2<cutlass_80_tensorop_bf16_s16816gemm_relu_bf16_128x64_64x6_tn_align8>"
        "(cutlass_80_tensorop_bf16_s16816gemm_relu_bf16_128x64_64x6_tn_align8::Params)",
        "void cutlass::Kernel2<cutlass_80_tensorop_bf16_s16816gemm_relu_bf16_128x64_64x6_tn_align8>(T1::Params)",
    ),
    (
        "void cudnn::ops::nchwToNhwcKernel<float, float, float, false, true, (cudnnKernelDataType_t)2>"
        "(cudnn::ops::nchw2nhwc_params_t<float>, float const*, float*)",
        "void cudnn::ops::nchwToNhwcKernel<float, float, float, (bool)0, (bool)1, (cudnnKernelDataType_t)2>"
        "(cudnn::ops::nchw2nhwc_params_t<T3>, const T1 *, T2 *)",
    ),
    (
        "ncclDevKernel_AllReduce_Sum_f32_RING_LL(ncclDevKernelArgsStorage<4096ul>)",
        "ncclDevKernel_AllReduce_Sum_f32_RING_LL(ncclDevKernelArgsStorage<(unsigned long)4096>)",
    ),
    ("ampere_sgemm_128x64_nt", "ampere_sgemm_128x64_nt"),
]


@pytest.mark.parametrize(("traced", "counted"), SAME, ids=range(len(SAME)))
def test_both_tools_mean_the_same_kernel(traced, counted):
    assert kernel_name(traced) == kernel_name(counted)


@pytest.mark.parametrize(
    ("text", "function"),
    [
        ("vectorized_elementwise_kernel", "vectorized_elementwise_kernel"),
        ("void at::native::reduce_kernel<512, 1, X<Y<float> > >(X<Y<float> >)", "reduce_kernel"),
        ("std::vector<int> lib::made<3>(int)", "made"),
        ("void Outer<float>::inner<2>(int*)", "inner"),
        ("my_kernel(int, float)", "my_kernel"),
        ("triton_poi_fused_add_relu_0", "triton_poi_fused_add_relu_0"),
        ("_Z10dmatrixmulPfiiS_iiS_ii", "dmatrixmul"),
        ("_ZN2at6native13reduce_kernelILi512ELi1ENS0_8ReduceOpIfEEEEvT1_", "reduce_kernel"),
        ("_ZN7cutlass6KernelI4GemmEEvNT_6ParamsE", "Kernel"),
        ("_Zoo", "_Zoo"),
        ("void cut<off, in the", "the"),
    ],
)
def test_the_function_is_found(text, function):
    assert kernel_name(text).function == function


def test_other_template_arguments_are_another_kernel():
    add = kernel_name("void k<4, AddFunctor<float> >(int)")
    assert add == KernelName("k", ("4", "AddFunctor", "float"))
    assert add != kernel_name("void k<4, MulFunctor<float> >(int)")
    assert add != kernel_name("void k<8, AddFunctor<float> >(int)")
    assert add != kernel_name("void k<4, AddFunctor<double> >(int)")
    assert kernel_name("k<{lambda()#7}>") != kernel_name("k<{lambda()#8}>")
    assert kernel_name("k<-1>") != kernel_name("k<1>")


@pytest.mark.skipif(not TRACES.exists(), reason="../shared/traces is not beside this checkout")
@pytest.mark.parametrize("start", ["v100", "a100_particle", "h100_vit", "h100_transformer"])
def test_the_kernels_of_a_real_trace_stay_apart(start):
    (path,) = TRACES.glob(f"{start}*.json.gz")
    with gzip.open(path, "rt") as file:
        events = json.load(file, strict=False)["traceEvents"]
    names = {event["name"] for event in events if event.get("cat", "").lower() == "kernel"}
    assert len(names) > 10
    assert len({kernel_name(name) for name in names}) == len(names)


@given(st.text(max_size=60) | st.text(alphabet="_ZN3abI<>(){}[]:&*, #01", max_size=40))
def test_any_name_can_be_read_and_means_itself(text):
    assert kernel_name(text) == kernel_name(f" {text} ")
