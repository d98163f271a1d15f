"""FLOP counts from fvcore: its handles are functions of shapes, so they are fed shapes instead of a traced graph.

fvcore counts a fused multiply-add once for convolutions and matrix products; those functions here are named `*_macs`
and `flops_of_macs` is the one place that turns them into FLOPs. Its handles for norms, pooling and resampling already
count single operations; those functions are named `*_flops`.

fvcore is imported when the first count is asked for, and answers are remembered per shape.
"""

from __future__ import annotations

import warnings
from functools import cache, lru_cache
from types import ModuleType
from typing import Any

from memprof.tensors.shapes import Shape

FLOPS_PER_MAC = 2
"""A multiply-add is two floating-point operations."""

_REMEMBERED = 65536
"""Shapes remembered per count: more than any network has, and bounded for a sweep over many."""


def flops_of_macs(macs: float) -> float:
    """Return the FLOPs of `macs` multiply-adds."""
    return FLOPS_PER_MAC * macs


class _Value:
    """Stands in for torch._C.Value, of which fvcore's handles ask the shape and the constant."""

    __slots__ = ("_constant", "_shape")

    def __init__(self, shape: Shape | None = None, constant: object = None) -> None:
        self._shape = shape
        self._constant = constant

    def isCompleteTensor(self) -> bool:
        return self._shape is not None

    def type(self) -> _Value:
        return self

    def sizes(self) -> list[int]:
        return list(self._shape or ())

    def toIValue(self) -> object:
        return self._constant


_NOTHING = _Value()


@cache
def _handles() -> ModuleType:
    """Import fvcore's handles; the deprecation warnings of the libraries it imports are not our users' concern."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from fvcore.nn import jit_handles
    module: ModuleType = jit_handles
    return module


@cache
def _norm_handle(affine_position: int) -> Any:
    return _handles().norm_flop_counter(affine_position)


@cache
def _elementwise_handle(input_scale: int, output_scale: int) -> Any:
    return _handles().elementwise_flop_counter(input_scale, output_scale)


@lru_cache(_REMEMBERED)
def convolution_macs(input_shape: Shape, weight_shape: Shape, output_shape: Shape, transposed: bool) -> int:
    """Return the multiply-adds of a convolution (N, C, spatial...), from conv_flop_jit."""
    inputs = [_NOTHING] * 12  # the arguments of aten::_convolution, of which the handle reads these three
    inputs[0], inputs[1], inputs[6] = _Value(input_shape), _Value(weight_shape), _Value(constant=transposed)
    return int(_handles().conv_flop_jit(inputs, [_Value(output_shape)])["conv"])


@lru_cache(_REMEMBERED)
def addmm_macs(first: Shape, second: Shape) -> int:
    """Return the multiply-adds of (n, k) times (k, m) plus something, from addmm_flop_jit."""
    return int(_handles().addmm_flop_jit([_NOTHING, _Value(first), _Value(second)], []))


@lru_cache(_REMEMBERED)
def matmul_macs(first: Shape, second: Shape) -> int:
    """Return the multiply-adds of (..., n, k) times (k, m), from matmul_flop_jit."""
    return int(_handles().matmul_flop_jit([_Value(first), _Value(second)], []))


@lru_cache(_REMEMBERED)
def bmm_macs(first: Shape, second: Shape) -> int:
    """Return the multiply-adds of (b, n, k) times (b, k, m), from bmm_flop_jit."""
    return int(_handles().bmm_flop_jit([_Value(first), _Value(second)], []))


@lru_cache(_REMEMBERED)
def batch_norm_flops(input_shape: Shape, affine: bool, training: bool) -> int:
    """Return the operations of a batch norm, from batchnorm_flop_jit.

    Per element 5 in training (4 without scale and shift), 2 in inference (1).
    """
    weight = _Value((input_shape[1],)) if affine else _NOTHING
    inputs = [_Value(_fit_rank(input_shape)), weight, _NOTHING, _NOTHING, _NOTHING, _Value(constant=training)]
    return int(_handles().batchnorm_flop_jit(inputs, []))


@lru_cache(_REMEMBERED)
def row_norm_flops(input_shape: Shape, affine: bool) -> int:
    """Return the operations of a layer or group norm, from norm_flop_counter: 5 per element, 4 without scale."""
    weight = _Value((1,)) if affine else _NOTHING
    return int(_norm_handle(2)([_Value(_fit_rank(input_shape)), _NOTHING, weight], []))


@lru_cache(_REMEMBERED)
def elementwise_flops(input_shape: Shape, output_shape: Shape, per_input: int, per_output: int) -> int:
    """Return `per_input` operations per input element plus `per_output` per output element."""
    return int(_elementwise_handle(per_input, per_output)([_Value(input_shape)], [_Value(output_shape)]))


def _fit_rank(shape: Shape) -> Shape:
    """Return `shape` with a rank of 2 to 5, which fvcore's norm handles insist on, and as many elements."""
    if len(shape) < 2:
        return (1,) * (2 - len(shape)) + shape
    while len(shape) > 5:
        shape = (shape[0] * shape[1], *shape[2:])
    return shape
