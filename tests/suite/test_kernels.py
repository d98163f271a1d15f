from __future__ import annotations

from collections import Counter

import pytest
import torch

from memprof.suite.calls import call_of
from memprof.suite.kernels import (
    BACKWARD,
    DATA_GRADIENT,
    FORWARD,
    OPERATORS,
    WEIGHT_GRADIENT,
    Kernel,
    kernels,
)
from memprof.suite.modules import OnOwnTensors


def test_a_gpu_gets_every_operator_and_pass_a_processor_smaller_ones_in_fp32():
    found = kernels("cuda", ("fp32", "tf32", "fp16", "bf16"))

    assert {kernel.operator for kernel in found} == set(OPERATORS)
    assert max(Counter(found).values()) == 1
    assert {kernel.operator for kernel in found[:6]} == {"linear", "conv", "layer_norm", "add", "attention"}
    assert {kernel.dtype for kernel in kernels("cuda", ("fp32",))} == {"fp32"}
    assert Kernel("conv", "fp32", FORWARD, (4, 96, 56, 56), 96, 7, 1, 96) in kernels("cpu", ("fp32",))


@pytest.mark.parametrize(
    ("kernel", "name", "shapes"),
    [
        (Kernel("linear", "bf16", FORWARD, (64, 96), 384), "aten::mm", ((64, 96), (96, 384))),
        (
            Kernel("conv", "fp16", FORWARD, (2, 8, 7, 7), 16, 3, 2, 1),
            "aten::convolution",
            ((2, 8, 7, 7), (16, 8, 3, 3)),
        ),
        (
            Kernel("conv", "fp32", WEIGHT_GRADIENT, (2, 8, 7, 7), 8, 7, 1, 8, "channels-last"),
            "aten::convolution_backward",
            ((2, 8, 7, 7), (2, 8, 7, 7), (8, 1, 7, 7)),
        ),
        (Kernel("gelu", "fp32", BACKWARD, (4, 4)), "aten::gelu_backward", ((4, 4), (4, 4))),
        (Kernel("softmax", "fp16", FORWARD, (8, 196)), "aten::_softmax", ((8, 196),)),
    ],
    ids=lambda value: value.operator if isinstance(value, Kernel) else "",
)
def test_a_kernel_is_the_call_that_its_pass_makes(kernel: Kernel, name: str, shapes: tuple[tuple[int, ...], ...]):
    call = call_of(kernel)

    assert call.name == name
    assert tuple(tensor.shape for tensor in call.tensors())[: len(shapes)] == shapes
    dtypes = {tensor.dtype for tensor in call.tensors()}
    assert dtypes == {{"bf16": "bfloat16", "fp16": "float16", "fp32": "float32"}[kernel.dtype]}


def test_a_gradient_is_that_of_data_or_of_weights_alone():
    data = call_of(Kernel("conv", "fp32", DATA_GRADIENT, (2, 8, 7, 7), 8, 3, 1, 1))
    weight = call_of(Kernel("conv", "fp32", WEIGHT_GRADIENT, (2, 8, 7, 7), 8, 3, 1, 1))

    assert (data.inputs[-1], weight.inputs[-1]) == ((True, False, False), (False, True, False))


def test_the_module_really_runs_and_gives_the_gradients_of_its_pass():
    module = OnOwnTensors(Kernel("conv", "fp32", WEIGHT_GRADIENT, (2, 4, 6, 6), 4, 3, 1, 4))
    output = module(torch.zeros(1))

    assert output.shape == (2, 4, 6, 6)
    assert [tuple(parameter.shape) for parameter in module.wanted()] == [(4, 1, 3, 3)]
