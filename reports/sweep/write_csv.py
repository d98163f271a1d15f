"""The CSV writer of a sweep: a row for each setting and phase, in base units."""

from __future__ import annotations

from memprof.reports.parts.csv_text import csv_text
from memprof.reports.writer import RenderOptions
from memprof.whatif.sweep import Sweep

EXTENSION = "csv"
_COLUMNS = (
    "model",
    "device",
    "batch_size",
    "resolution",
    "precision",
    "phase",
    "layout",
    "parameters",
    "macs_per_image",
    "seconds",
    "roofline_seconds",
    "images_per_second",
    "published_seconds",
    "depthwise_seconds",
    "depthwise_bound",
)


def render(sweep: Sweep, options: RenderOptions) -> bytes:
    """Return CSV in UTF-8: the first column is the option, the last ones divide the depthwise part's time by bound."""
    work = sweep.device_name, sweep.batch_size, sweep.resolution, sweep.precision
    bounds = tuple(dict.fromkeys(part.bound for point in sweep.points for part in point.depthwise_bounds))
    rows = []
    for point in sweep.points:
        seconds = {part.bound: part.seconds for part in point.depthwise_bounds}
        rows.append(
            [
                point.value,
                point.model,
                *work,
                point.phase,
                point.layout,
                point.parameters,
                point.macs_per_image,
                point.seconds,
                point.roofline_seconds,
                point.images_per_second,
                point.published_seconds,
                point.depthwise_seconds,
                point.depthwise_bound,
                *(seconds.get(bound, 0.0) for bound in bounds),
            ]
        )
    columns = (sweep.option, *_COLUMNS, *(f"depthwise_seconds bound by: {bound}" for bound in bounds))
    return csv_text(columns, rows).encode()
