"""The CSV writer of a frontier: a row for each network on each device, fastest first."""

from __future__ import annotations

from memprof.frontier.records import Frontier
from memprof.reports.parts.csv_text import csv_text
from memprof.reports.writer import RenderOptions

EXTENSION = "csv"
_COLUMNS = (
    "device",
    "precision",
    "phase",
    "batch_size",
    "model",
    "resolution",
    "top1",
    "trained_on",
    "weights",
    "source",
    "layout",
    "images_per_second",
    "relative_error",
    "fits",
    "on_front",
    "near_front",
)


def render(found: Frontier, options: RenderOptions) -> bytes:
    """Return CSV in UTF-8."""
    rows = [
        [
            device.device_name,
            device.precision,
            found.phase,
            found.batch_size,
            item.accuracy.model,
            item.accuracy.resolution,
            item.accuracy.top1,
            item.accuracy.trained_on,
            item.accuracy.weights,
            item.accuracy.source,
            item.layout,
            item.images_per_second,
            item.relative_error,
            item.fits,
            item.on_front,
            item.near_front,
        ]
        for device in found.devices
        for item in device.candidates
    ]
    return csv_text(_COLUMNS, rows).encode()
