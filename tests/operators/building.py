"""Short ways to write down tensors and calls, so that a test shows its arithmetic."""

from __future__ import annotations

from memprof.calls import OperatorCall
from memprof.operators.registry import find
from memprof.operators.work import Work
from memprof.tensors.spec import Argument, TensorSpec
from memprof.vocabulary import Kind, Phase


def tensor(*shape: int, dtype: str = "float32", strides: tuple[int, ...] | None = None) -> TensorSpec:
    """Return a row-major tensor, or one with the given strides."""
    if strides is None:
        running, upwards = 1, []
        for size in reversed(shape):
            upwards.append(running)
            running *= size
        strides = tuple(reversed(upwards))
    return TensorSpec(shape, strides, dtype)


def channels_last(batch: int, channels: int, height: int, width: int, dtype: str = "float32") -> TensorSpec:
    """Return a (N, C, H, W) tensor with channels innermost."""
    strides = (height * width * channels, 1, width * channels, channels)
    return TensorSpec((batch, channels, height, width), strides, dtype)


def cost(name: str, *inputs: Argument, phase: Phase = Phase.FORWARD) -> tuple[Work, ...]:
    """Return what the call `aten::name(*inputs)` costs, or that of a library whose name is given."""
    name = name if "::" in name else f"aten::{name}"
    operator = find(name)
    assert operator is not None, f"nobody can cost {name}"
    return operator.formula(OperatorCall(name, inputs, phase=phase))


def cost_one(name: str, *inputs: Argument) -> Work:
    """Return what a call of a single kernel costs."""
    (work,) = cost(name, *inputs)
    return work


def kind(name: str, *inputs: Argument, phase: Phase = Phase.FORWARD) -> Kind:
    """Return the kind of the call `aten::name(*inputs)`."""
    operator = find(f"aten::{name}")
    assert operator is not None
    return operator.kind(OperatorCall(f"aten::{name}", inputs, phase=phase))


def steps(works: tuple[Work, ...]) -> list[str]:
    """Return the steps of a call, in order."""
    return [work.step for work in works]


def convolution(
    source: TensorSpec,
    weight: TensorSpec,
    bias: TensorSpec | None = None,
    *,
    stride: tuple[int, ...] = (1, 1),
    padding: tuple[int, ...] = (0, 0),
    dilation: tuple[int, ...] = (1, 1),
    transposed: bool = False,
    output_padding: tuple[int, ...] = (0, 0),
    groups: int = 1,
) -> tuple[Argument, ...]:
    """Return the inputs of `aten::convolution`."""
    return source, weight, bias, stride, padding, dilation, transposed, output_padding, groups


def convolution_backward(
    grad: TensorSpec, inputs: tuple[Argument, ...], mask: tuple[bool, bool, bool] = (True, True, True)
) -> tuple[Argument, ...]:
    """Return the inputs of `aten::convolution_backward` for the forward call with `inputs`."""
    source, weight, _, *geometry = inputs
    return grad, source, weight, (grad.shape[1],), *geometry, mask
