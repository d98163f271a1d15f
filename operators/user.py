"""Operators that a user teaches: what a call of one computes, reads and writes, as numbers or functions of the call."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Literal

from memprof.calls import OperatorCall
from memprof.errors import ModelError
from memprof.operators import registry
from memprof.operators.traffic import make_work, total
from memprof.operators.work import Traffic, Work
from memprof.tensors.shapes import logical_bytes, promoted_dtype
from memprof.vocabulary import Kind

Amount = float | Callable[[OperatorCall], float]
"""A number, or a function of a call that returns one."""
Engine = Literal["tensor", "vector"]


def register(
    name: str,
    *,
    flops: Amount = 0.0,
    read: Amount | None = None,
    write: Amount | None = None,
    engine: Engine = "vector",
) -> None:
    """Teach memprof what a call of the operator `name` costs, as one kernel; for one that a report lists as unknown.

    `name` is "library::operator". `flops` are floating-point operations, a multiply-add counting two; `read` and
    `write` bytes that cross DRAM. Each is a number or a function of the call (`memprof.calls.OperatorCall`), whose
    `call.tensor(0).shape` is that of its first argument, `call.argument(1)` a Python number among them. Without `read`
    every tensor among its arguments is read once; without `write` as many bytes as the largest of them has are
    written. `engine` is what multiplies: "tensor" cores, or "vector" units.

        memprof.register("mylib::scan", flops=lambda call: 3 * prod(call.tensor(0).shape))

    A later call for the same name replaces the earlier one. For the shape of its result give PyTorch a rule:
    `torch.library.register_fake("mylib::scan")`. ModelError where memprof costs `name` itself, or it is no such name.
    """
    if not re.fullmatch(r"\w+::\w+", name):
        raise ModelError(f"{name!r} is no operator", 'write its library and its name, such as "mylib::scan"')

    def cost(call: OperatorCall) -> tuple[Work, ...]:
        tensors = call.tensors()
        largest = max(map(logical_bytes, tensors), default=0)
        count = _amount(name, call, "flops", flops)
        traffic = Traffic(
            total(tensors) if read is None else _amount(name, call, "read", read),
            largest if write is None else _amount(name, call, "write", write),
        )
        dtype = promoted_dtype(tensors) if tensors else "float32"
        matrix, vector = (count, 0.0) if engine == "tensor" else (0.0, count)
        return (make_work("forward", dtype, dram=traffic, matrix_flops=matrix, vector_flops=vector),)

    registry.teach(name, cost, Kind.ELEMENTWISE if engine == "vector" else Kind.MATMUL)


def _amount(name: str, call: OperatorCall, what: str, amount: Amount) -> float:
    try:
        value = float(amount(call) if callable(amount) else amount)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise ModelError(f"{what}= of {name} failed: {type(error).__name__}: {error}", "return a number") from error
    if not 0 <= value < float("inf"):
        raise ModelError(f"{what}= of {name} gives {value}", "return a number of at least 0")
    return value
