"""The kernels of a suite as `memprof validate --kernels FILE.csv` reads them, with the clocks and the power beside."""

from __future__ import annotations

from memprof.reports.parts.csv_text import csv_text
from memprof.reports.suite import sensors
from memprof.reports.writer import RenderOptions
from memprof.suite.records import KernelTime, Suite

EXTENSION = "csv"
FILE_NAME = "kernels.csv"
_COLUMNS = (
    "source",
    "device",
    "stack",
    "dtype",
    "operator",
    "pass_",
    "shape",
    "outputs",
    "kernel",
    "stride",
    "groups",
    "layout",
    "milliseconds",
    "milliseconds_low",
    "milliseconds_high",
    "repetitions",
    *sensors.COLUMNS,
)


def render(suite: Suite, options: RenderOptions) -> bytes:
    """Return CSV in UTF-8."""
    return csv_text(_COLUMNS, [_row(suite, item) for item in suite.kernels]).encode()


def _row(suite: Suite, item: KernelTime) -> list[object]:
    kernel, seconds = item.kernel, item.seconds
    return [
        f"memprof {suite.memprof} --suite",
        suite.device,
        suite.stack,
        kernel.dtype,
        kernel.operator,
        kernel.pass_name,
        "x".join(map(str, kernel.shape)),
        kernel.outputs or None,
        kernel.kernel or None,
        kernel.stride or None,
        kernel.groups or None,
        kernel.layout,
        1e3 * seconds.median,
        1e3 * seconds.low,
        1e3 * seconds.high,
        seconds.count,
        *sensors.cells(item.telemetry),
    ]
