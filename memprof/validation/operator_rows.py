"""Files of operators as `memprof measure --suite` writes them: device, dtype, operator, pass_, shape, milliseconds.

`shape` is the tensor's ("64x96x56x56"); outputs, kernel, stride, groups and layout stand where an operator has them.
Times are the kernels', without the host's; what is predicted is the operator's call alone.
"""

from __future__ import annotations

import re

from memprof.suite.calls import call_of
from memprof.suite.kernels import DTYPES, OPERATORS, PASSES, Kernel
from memprof.validation.kernel_records import KernelMeasurement, known_device, seconds_of
from memprof.validation.measurements import whole_number
from memprof.validation.tables import Row, RowError, Table
from memprof.vocabulary import CHANNELS_FIRST, LAYOUTS

COLUMNS = ("device", "dtype", "operator", "pass_", "shape", "milliseconds")
_SHAPE = re.compile(r"[1-9]\d{0,8}(x[1-9]\d{0,8}){0,4}", re.ASCII)
_DIMENSIONS = {"conv": 4, "batch_norm": 4, "max_pool": 4, "transpose": 4, "attention": 4, "linear": 2}
"""How many sizes the shape of an operator has; of the others it may be any number."""
_LARGEST = 2**33
"""Elements of a tensor that somebody may have timed."""
_MOST_PIXELS = 255


def operator_name(table: Table, row: Row) -> str:
    """Return what a row's kernel is called."""
    name = table.cell(row, "operator").lower()
    depthwise = name == "conv" and table.cell(row, "groups") not in ("", "0", "1")
    return f"depthwise k={table.cell(row, 'kernel', '?')}" if depthwise else name


def read_operator(table: Table, row: Row) -> KernelMeasurement:
    """Return the operator of a row; RowError or MemprofError where it holds none."""
    kernel = _kernel(table, row)
    return KernelMeasurement(
        operator_name(table, row),
        known_device(table.cell(row, "device"), kernel.dtype),
        call_of(kernel),
        1,
        seconds_of(table, row, "milliseconds"),
        precision=kernel.dtype,
        pass_name=kernel.pass_name,
        dtype=kernel.dtype,
    )


def _kernel(table: Table, row: Row) -> Kernel:
    operator, dtype, name = (table.cell(row, column).lower() for column in ("operator", "dtype", "pass_"))
    layout = table.cell(row, "layout", CHANNELS_FIRST).lower()
    for value, known, column in (
        (operator, OPERATORS, "operator"),
        (dtype, DTYPES, "dtype"),
        (name, PASSES, "pass_"),
        (layout, LAYOUTS, "layout"),
    ):
        if value not in known:
            raise RowError(f"{column} {value!r} is none of {', '.join(known)}")
    kernel = Kernel(operator, dtype, name, _shape(table, row, operator), *_numbers(table, row), layout)
    _check(kernel)
    return kernel


def _shape(table: Table, row: Row, operator: str) -> tuple[int, ...]:
    text = table.cell(row, "shape")
    if not _SHAPE.fullmatch(text):
        raise RowError(f"shape {text!r} is no list of sizes such as 64x96x56x56")
    shape = tuple(map(int, text.split("x")))
    wanted = _DIMENSIONS.get(operator)
    if wanted is not None and len(shape) != wanted:
        raise RowError(f"shape {text} has {len(shape)} sizes, and {operator} needs {wanted}")
    elements = 1
    for size in shape:
        elements *= size
    if elements > _LARGEST:
        raise RowError(f"shape {text} is too large")
    return shape


def _numbers(table: Table, row: Row) -> tuple[int, int, int, int]:
    outputs, kernel, stride, groups = (
        whole_number(table.cell(row, column, "0"), column) for column in ("outputs", "kernel", "stride", "groups")
    )
    return outputs, kernel, stride, groups


def _check(kernel: Kernel) -> None:
    """Raise RowError where a layer with these sizes cannot be."""
    if kernel.operator in ("conv", "linear") and not 0 < kernel.outputs <= _LARGEST // kernel.shape[0]:
        raise RowError(f"outputs {kernel.outputs} is not what a {kernel.operator} may have")
    if kernel.operator != "conv":
        return
    if not (0 < kernel.kernel <= _MOST_PIXELS and 0 < kernel.stride <= _MOST_PIXELS):
        raise RowError(f"kernel {kernel.kernel} or stride {kernel.stride} is not above zero, or too large")
    if kernel.groups < 1 or kernel.shape[1] % kernel.groups or kernel.outputs % kernel.groups:
        raise RowError(f"{kernel.groups} groups do not divide {kernel.shape[1]} and {kernel.outputs} channels")
    if min(kernel.shape[2:]) + kernel.kernel // 2 * 2 < kernel.kernel:
        raise RowError(f"a kernel of {kernel.kernel} does not fit an image of {kernel.shape[2]} x {kernel.shape[3]}")
