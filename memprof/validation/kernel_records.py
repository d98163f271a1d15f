"""A measured kernel, and what the readers of all files of kernels share."""

from __future__ import annotations

from dataclasses import dataclass

from memprof import devices
from memprof.calls import OperatorCall
from memprof.devices import ceilings
from memprof.tensors.spec import TensorSpec
from memprof.tensors.strides import contiguous_strides
from memprof.validation.measurements import device_name, positive_number, whole_number
from memprof.validation.tables import Row, RowError, Table

FP32 = "fp32"
_PER_SECOND = 1000


@dataclass(frozen=True, slots=True)
class KernelMeasurement:
    """A measured kernel: `call` is made `calls` times in `seconds`, under the precision policy `precision`.

    The kernel starts `launch_seconds` after the clock, and the clock runs for `floor_seconds` at least. Rows are
    grouped by `operator` ("linear", "depthwise k=7"), and where the file tells them apart by `pass_name` ("forward",
    "data gradient", "weight gradient"), `dtype` ("bf16") and the `algorithm` that the library chose; "" where not.
    `clock` is the device's as it ran, of its boost clock.
    """

    operator: str
    device: str
    call: OperatorCall
    calls: int
    seconds: float
    launch_seconds: float = 0.0
    floor_seconds: float = 0.0
    precision: str = FP32
    pass_name: str = ""
    dtype: str = ""
    algorithm: str = ""
    clock: float = 1.0


@dataclass(frozen=True, slots=True)
class KernelEntry:
    """A row of a file, and the kernel it holds; where it holds none that can be predicted, `reason` says why."""

    row: Row
    operator: str
    measurement: KernelMeasurement | None
    reason: str = ""


def size(table: Table, row: Row, column: str, *, least: int = 1) -> int:
    """Return the whole number in a cell; RowError where there is none, or it is less than `least`."""
    if table.position(column) is None:
        raise RowError(f"there is no column {column}, which this operator needs")
    value = whole_number(table.cell(row, column), column)
    if value < least:
        raise RowError(f"{column} {value} is not above zero")
    return value


def seconds_of(table: Table, row: Row, column: str) -> float:
    """Return the seconds of a cell of milliseconds; RowError where it holds no number above zero."""
    return positive_number(table.cell(row, column), column) / _PER_SECOND


def known_device(name: str, precision: str = FP32) -> str:
    """Return the catalogue's name of a device; DeviceError where there is none, or it has no such precision."""
    ceilings(devices.get(name), precision)
    return device_name(name)


def dense_tensor(*shape: int, dtype: str) -> TensorSpec:
    """Return a row-major tensor."""
    return TensorSpec(shape, contiguous_strides(shape), dtype)
