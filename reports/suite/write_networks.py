"""The networks of a suite as `memprof validate FILE.csv` reads them, with the clocks and the power beside."""

from __future__ import annotations

from memprof.reports.parts.csv_text import csv_text
from memprof.reports.suite import sensors
from memprof.reports.writer import RenderOptions
from memprof.suite.records import NetworkTime, Suite

EXTENSION = "csv"
FILE_NAME = "networks.csv"
_COLUMNS = (
    "source",
    "device",
    "stack",
    "dtype",
    "layout",
    "compiled",
    "batch",
    "resolution",
    "phase",
    "model",
    "images_per_second",
    "images_per_second_low",
    "images_per_second_high",
    "steps",
    *sensors.COLUMNS,
)


def render(suite: Suite, options: RenderOptions) -> bytes:
    """Return CSV in UTF-8."""
    return csv_text(_COLUMNS, [_row(suite, item) for item in suite.networks]).encode()


def _row(suite: Suite, item: NetworkTime) -> list[object]:
    network, seconds = item.network, item.seconds
    return [
        f"memprof {suite.memprof} --suite",
        suite.device,
        suite.stack,
        network.precision,
        network.layout,
        0,
        network.batch_size,
        network.resolution,
        network.phase,
        network.model,
        item.images_per_second,
        network.batch_size / seconds.high,
        network.batch_size / seconds.low,
        seconds.count,
        *sensors.cells(item.telemetry),
    ]
