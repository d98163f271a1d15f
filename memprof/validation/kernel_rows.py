"""Files of single kernels: each row becomes the operator call that PyTorch makes for it.

NeuSight's columns (https://github.com/sitar-lab/NeuSight): OPName, Latency in milliseconds, Device, and sizes. The
launch grids of its rows tell which size is which: `bmm` is (B, M, N) x (B, N, K); `linear` is B*M rows of N inputs and
K outputs; `conv` is square, without bias (no kernel adds one); softmax and layer norm go along H. All is float32, with
TF32 off.

Stacks of depthwise convolutions: input_shape_nchw, layers, kernel, implementation, stack_milliseconds.

Matrix products and convolutions of NVIDIA's libraries: see `library_rows`. Operators of `memprof measure --suite`: see
`operator_rows`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from memprof.calls import OperatorCall
from memprof.errors import MemprofError
from memprof.tensors.spec import TensorSpec
from memprof.validation.kernel_records import (
    FP32,
    KernelEntry,
    KernelMeasurement,
    dense_tensor,
    known_device,
    seconds_of,
    size,
)
from memprof.validation.library_rows import (
    CONVOLUTION,
    CONVOLUTION_COLUMNS,
    PRODUCT,
    PRODUCT_COLUMNS,
    read_convolution,
    read_product,
)
from memprof.validation.measurements import whole_number
from memprof.validation.operator_rows import COLUMNS as OPERATOR_COLUMNS
from memprof.validation.operator_rows import operator_name, read_operator
from memprof.validation.tables import MeasurementError, Row, RowError, Table

_DTYPE = "float32"
_NATIVE = "pytorch"
_MOST_LAYERS = 10_000
_MAY_BE_ZERO = "Padding"


HOST_SECONDS = {
    "add": 26.7e-6,
    "relu": 31.6e-6,
    "gelu": 30.5e-6,
    "softmax": 33.4e-6,
    "ln": 46.8e-6,
    "linear": 55e-6,
    "bmm": 31.5e-6,
    "conv": 165e-6,
}
"""What the host needs for one call in NeuSight's protocol, from the first event to the second: no latency is shorter.

The floor of each file: the median latency of kernels that move less than 2 MB, where it no longer depends on the bytes
(layer norm allocates three results first; of the matrix products, those whose arithmetic takes under 1 microsecond). Of
convolutions, the median of what is left of the latency where the kernels are predicted to take less than 0.1 ms: 146 us
on the A100, 162 on the V100, from 50 to 280; cuDNN chooses an algorithm anew for every shape."""
AFTER_LAUNCH_SECONDS = 11e-6
"""How much of it passes after the kernel's launch, while it may already run.

The latencies of add, ReLU and GELU of more than 100 MB fall on lines over their bytes that meet zero bytes at 15.0,
20.1 and 20.9 microseconds: 11.7, 11.5 and 9.6 below those floors."""

CLOCKS = {("conv", "a100-pcie-80gb"): 1065 / 1410}
"""Of the boost clock, where a machine ran below it: what recorded the convolutions ran at about its base clock.

The same ampere_sgemm_128x128_nn that reaches 0.96 of the FP32 peak in the products of the A100 PCIe 40 GB takes 1.34
times its least there, and the fused Winograd kernel, built for Volta, 1.33 times what it takes of a V100's peak."""

NEUSIGHT_COLUMNS = ("OPName", "Latency", "Device")
STACK_COLUMNS = ("device", "dtype", "input_shape_nchw", "layers", "kernel", "implementation", "stack_milliseconds")


@dataclass(frozen=True, slots=True)
class _Kind:
    """A kind of file: the columns any of which tells it, those it needs and what `more`, and how its rows are read."""

    tells: tuple[str, ...]
    columns: tuple[str, ...]
    name: Callable[[Table, Row], str]
    read: Callable[[Table, Row], KernelMeasurement]
    more: str = ""


def read_kernels(table: Table) -> list[KernelEntry]:
    """Return an entry for each row, of the kind that the columns show; MeasurementError where they show none."""
    kind = next((kind for kind in _KINDS if any(table.position(column) is not None for column in kind.tells)), None)
    if kind is None:
        raise MeasurementError(
            f"{table.name} is no file of kernels",
            f"its first line must name {'; or '.join(', '.join(kind.columns) + kind.more for kind in _KINDS)}",
        )
    table.require(kind.columns)
    return [_entry(table, row, kind) for row in table.rows]


def _entry(table: Table, row: Row, kind: _Kind) -> KernelEntry:
    try:
        if row.defect:
            raise RowError(row.defect)
        return KernelEntry(row, kind.name(table, row), kind.read(table, row))
    except RowError as error:
        return KernelEntry(row, kind.name(table, row), None, str(error))
    except MemprofError as error:
        return KernelEntry(row, kind.name(table, row), None, error.what)


def _operator_name(table: Table, row: Row) -> str:
    return table.cell(row, "OPName").lower()


def _neusight(table: Table, row: Row) -> KernelMeasurement:
    name = _operator_name(table, row)
    if name not in _CALLS:
        raise RowError(f"operator {name!r} is none of {', '.join(_CALLS)}")
    columns, make = _CALLS[name]
    call = make(*(size(table, row, column, least=column != _MAY_BE_ZERO) for column in columns))
    latency = seconds_of(table, row, "Latency")
    host = HOST_SECONDS[name]
    device = known_device(table.cell(row, "Device"))
    clock = CLOCKS.get((name, device), 1.0)
    return KernelMeasurement(name, device, call, 1, latency, host - AFTER_LAUNCH_SECONDS, host, clock=clock)


def _stack_name(table: Table, row: Row) -> str:
    return f"depthwise k={table.cell(row, 'kernel', '?')}"


def _stack(table: Table, row: Row) -> KernelMeasurement:
    implementation, dtype = table.cell(row, "implementation"), table.cell(row, "dtype").lower()
    if implementation.lower() != _NATIVE:
        raise RowError(f"{implementation} is not PyTorch's own kernel")
    if dtype not in (FP32, _DTYPE):
        raise RowError(f"dtype {dtype!r} is not {FP32}")
    sizes = [whole_number(cell.strip(), "input_shape_nchw") for cell in table.cell(row, "input_shape_nchw").split(",")]
    layers, kernel = size(table, row, "layers"), size(table, row, "kernel")
    if len(sizes) != 4 or min(sizes) < 1:
        raise RowError("input_shape_nchw is not four sizes above zero")
    if layers > _MOST_LAYERS or kernel % 2 == 0:
        raise RowError(f"kernel {kernel} is even" if kernel % 2 == 0 else f"{layers} layers are too many")
    batch, channels, height, width = sizes
    call = _convolution((batch, channels, height, width), (channels, 1, kernel, kernel), 1, kernel // 2, channels)
    seconds = seconds_of(table, row, "stack_milliseconds")
    return KernelMeasurement(_stack_name(table, row), known_device(table.cell(row, "device")), call, layers, seconds)


def _tensor(*shape: int) -> TensorSpec:
    return dense_tensor(*shape, dtype=_DTYPE)


def _unary(name: str, *arguments: str) -> Callable[[int, int], OperatorCall]:
    return lambda rows, columns: OperatorCall(name, (_tensor(rows, columns), *arguments))


def _add(rows: int, columns: int) -> OperatorCall:
    return OperatorCall("aten::add", (_tensor(rows, columns), _tensor(rows, columns), 1))


def _layer_norm(rows: int, columns: int) -> OperatorCall:
    scale = _tensor(columns)
    return OperatorCall("aten::native_layer_norm", (_tensor(rows, columns), (columns,), scale, scale, 1e-5))


def _softmax(rows: int, columns: int) -> OperatorCall:
    return OperatorCall("aten::_softmax", (_tensor(rows, columns), -1, False))


def _linear(batch: int, rows: int, inputs: int, outputs: int) -> OperatorCall:
    weight = TensorSpec((inputs, outputs), (1, inputs), _DTYPE)
    return OperatorCall("aten::addmm", (_tensor(outputs), _tensor(batch * rows, inputs), weight, 1, 1))


def _bmm(batch: int, rows: int, inner: int, columns: int) -> OperatorCall:
    return OperatorCall("aten::bmm", (_tensor(batch, rows, inner), _tensor(batch, inner, columns)))


def _conv(batch: int, inputs: int, outputs: int, kernel: int, size: int, stride: int, padding: int) -> OperatorCall:
    if size + 2 * padding < kernel:
        raise RowError(f"a kernel of {kernel} does not fit an image of {size} with padding {padding}")
    return _convolution((batch, inputs, size, size), (outputs, inputs, kernel, kernel), stride, padding, 1)


def _convolution(
    image: tuple[int, int, int, int], weight: tuple[int, int, int, int], stride: int, padding: int, groups: int
) -> OperatorCall:
    arguments = (None, (stride, stride), (padding, padding), (1, 1), False, (0, 0), groups)
    return OperatorCall("aten::convolution", (_tensor(*image), _tensor(*weight), *arguments))


_CALLS: dict[str, tuple[tuple[str, ...], Callable[..., OperatorCall]]] = {
    "add": (("B", "H"), _add),
    "relu": (("B", "H"), _unary("aten::relu")),
    "gelu": (("B", "H"), _unary("aten::gelu", "none")),
    "ln": (("B", "H"), _layer_norm),
    "softmax": (("B", "H"), _softmax),
    "linear": (("B", "M", "N", "K"), _linear),
    "bmm": (("B", "M", "N", "K"), _bmm),
    # "Kernel_Szie" is how the data set spells it.
    "conv": (("B", "Input_Channel", "Output_Channel", "Kernel_Szie", "Input_Size", "Stride", "Padding"), _conv),
}
"""For each operator the columns of its sizes, and the call they make."""

_KINDS = (
    _Kind(("OPName", "Latency"), NEUSIGHT_COLUMNS, _operator_name, _neusight, " and the sizes"),
    _Kind(("stack_milliseconds",), STACK_COLUMNS, _stack_name, _stack),
    _Kind(("operator",), OPERATOR_COLUMNS, operator_name, read_operator),
    _Kind(("pass_",), CONVOLUTION_COLUMNS, lambda table, row: CONVOLUTION, read_convolution),
    _Kind(("m",), PRODUCT_COLUMNS, lambda table, row: PRODUCT, read_product),
)
"""Tried in this order: NeuSight has a column M too, and operators a column pass_."""
