"""How many FLOPs element-wise operators do per output element, and why.

fvcore does not count these. Convention: every operation of the mathematical definition that the kernel evaluates is one
FLOP: an addition, multiplication, division, comparison or maximum, and one call of exp, log, erf, tanh, sin or a root
(the hardware needs several instructions for those, but so it does for a division). Bookkeeping on integers, booleans
and bit patterns is none.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Result(Enum):
    """How the output's dtype follows from the operands."""

    PROMOTED = "promoted"
    FIRST = "first"
    BOOLEAN = "boolean"


@dataclass(frozen=True, slots=True)
class Pointwise:
    """One family of element-wise operators: tensors read, FLOPs per output element, and why that many."""

    names: str
    operands: int
    flops: int
    why: str
    result: Result = Result.PROMOTED
    in_place: bool = True


RELU_FLOPS = 1
GELU_FLOPS = {"none": 5, "tanh": 9}
"""GELU(x) = x/2 (1 + erf(x / sqrt 2)): two products and an erf, an addition, a product. With tanh: x^3 (2), times a
constant, plus x, times a constant, tanh, plus 1, times x, halved."""
GELU_BACKWARD_FLOPS = {"none": 11, "tanh": 20}
"""Derivative times dy. Exact: the normal distribution (mul, erf, add, mul), its density (square, mul, exp, mul), x
times density plus distribution, times dy. Tanh: the forward's inner term and tanh (7), 1 + tanh (1), halves (2), the
derivative of tanh (2), of the inner term (3), their products (2), the sum (1), times dy and halving (2);
ATen/native/cuda/ActivationGeluKernel.cu."""

_FIRST, _BOOLEAN = Result.FIRST, Result.BOOLEAN

TABLE = (
    Pointwise("add sub", 2, 1, "an addition; with alpha a multiplication more"),
    Pointwise("mul div pow fmod remainder floor_divide atan2", 2, 1, "one operation"),
    Pointwise("maximum minimum fmax fmin", 2, 1, "a comparison", in_place=False),
    Pointwise("rsub", 2, 1, "a subtraction", in_place=False),
    Pointwise("neg abs square", 1, 1, "one operation"),
    Pointwise("exp exp2 expm1 log log2 log10 log1p sqrt sin cos tan tanh erf erfinv", 1, 1, "one call of a function"),
    Pointwise("floor ceil round trunc sign reciprocal", 1, 1, "one operation"),
    Pointwise("rsqrt", 1, 2, "a root and a division"),
    Pointwise("frac", 1, 2, "a truncation and a subtraction"),
    Pointwise("nan_to_num", 1, 3, "three comparisons"),
    Pointwise("addcmul addcdiv", 3, 3, "two products (or a division) and an addition"),
    Pointwise("lerp", 3, 3, "a difference, a product, a sum"),
    Pointwise("relu threshold", 1, RELU_FLOPS, "a comparison"),
    Pointwise("clamp_min clamp_max", 2, RELU_FLOPS, "a comparison"),
    Pointwise("clamp hardtanh relu6", 3, 2, "two comparisons"),
    Pointwise("threshold_backward", 2, 1, "a comparison that selects dy or 0", in_place=False),
    Pointwise("hardtanh_backward", 2, 2, "two comparisons that select dy or 0", in_place=False),
    Pointwise("leaky_relu", 1, 2, "a comparison and a product"),
    Pointwise("leaky_relu_backward", 2, 2, "a comparison and a product", in_place=False),
    Pointwise("_prelu_kernel", 2, 2, "a comparison and a product", in_place=False),
    Pointwise("elu selu celu", 1, 5, "a comparison, exp(x / alpha) - 1, two products"),
    Pointwise("elu_backward", 2, 5, "a comparison, exp, three products", in_place=False),
    Pointwise("sigmoid", 1, 4, "1 / (1 + exp(-x)): negation, exp, addition, division"),
    Pointwise("sigmoid_backward", 2, 3, "dy y (1 - y)", in_place=False),
    Pointwise("tanh_backward", 2, 3, "dy (1 - y y)", in_place=False),
    Pointwise("silu", 1, 4, "x / (1 + exp(-x)): negation, exp, addition, division"),
    Pointwise("silu_backward", 2, 9, "the sigmoid s (4) and dy s (1 + x (1 - s)) (5)", in_place=False),
    Pointwise("hardsigmoid", 1, 4, "min(max(x + 3, 0), 6) / 6"),
    Pointwise("hardsigmoid_backward", 2, 3, "two comparisons and a product", in_place=False),
    Pointwise("hardswish", 1, 5, "x min(max(x + 3, 0), 6) / 6"),
    Pointwise("hardswish_backward", 2, 5, "two comparisons and dy (x / 3 + 1/2)", in_place=False),
    Pointwise("mish", 1, 5, "x tanh(log(1 + exp(x)))"),
    Pointwise(
        "mish_backward", 2, 12, "the forward's tanh (4), the sigmoid (4), their combination and dy (4)", in_place=False
    ),
    Pointwise("softplus", 1, 6, "a comparison, log(1 + exp(beta x)) / beta", in_place=False),
    Pointwise("softplus_backward", 2, 6, "a comparison, the sigmoid (4), a product", in_place=False),
    Pointwise(
        "log_sigmoid_forward", 1, 4, "min(x, 0) - log(1 + exp(-|x|)), the absolute value a sign bit", in_place=False
    ),
    Pointwise("log_sigmoid_backward", 3, 5, "the sigmoid of -x (4) times dy", in_place=False),
    Pointwise("softshrink hardshrink", 1, 3, "two comparisons and a sum", in_place=False),
    Pointwise("softshrink_backward hardshrink_backward", 2, 2, "two comparisons", in_place=False),
    Pointwise(
        "smooth_l1_loss_backward huber_loss_backward", 3, 5, "difference, comparison, two products, dy", in_place=False
    ),
    Pointwise("mse_loss_backward", 3, 3, "2/n (x - target) dy", in_place=False),
    Pointwise("binary_cross_entropy_backward", 3, 5, "dy (x - t) / (x (1 - x))", in_place=False),
    Pointwise("eq ne lt le gt ge", 2, 1, "a comparison", _BOOLEAN),
    Pointwise("isnan isinf isfinite isposinf isneginf signbit", 1, 1, "a comparison", _BOOLEAN, in_place=False),
    Pointwise("logical_and logical_or logical_xor", 2, 0, "booleans", _BOOLEAN),
    Pointwise("logical_not", 1, 0, "booleans", _BOOLEAN),
    Pointwise("bitwise_and bitwise_or bitwise_xor bitwise_left_shift bitwise_right_shift", 2, 0, "bit patterns"),
    Pointwise("__and__ __or__ __xor__ __lshift__ __rshift__", 2, 0, "bit patterns", in_place=False),
    Pointwise("bitwise_not", 1, 0, "bit patterns"),
    Pointwise("where", 3, 0, "a selection", in_place=False),
    Pointwise("masked_fill", 2, 0, "a selection", _FIRST),
    Pointwise("_masked_scale native_dropout_backward", 2, 2, "dy times mask times scale", _FIRST, in_place=False),
    Pointwise("conj_physical", 1, 0, "a sign bit"),
)
"""The tensors of an operator come in the order of its schema; a Python number in place of a tensor is no operand."""
