"""The CSV writer of a model at many batch sizes: a row for each model and batch size, in base units."""

from __future__ import annotations

from memprof.reports.batches.tables import mark
from memprof.reports.parts.csv_text import csv_text
from memprof.reports.writer import RenderOptions
from memprof.whatif.batches import Batches

EXTENSION = "csv"
_COLUMNS = (
    "model",
    "device",
    "phase",
    "resolution",
    "inputs",
    "precision",
    "layout",
    "batch_size",
    "seconds",
    "images_per_second",
    "roofline_images_per_second",
    "bound",
    "peak_memory_bytes",
    "fits",
    "joules_per_image",
    "dollars_per_image",
    "mark",
)


def render(batches: Batches, options: RenderOptions) -> bytes:
    """Return CSV in UTF-8."""
    rows = [
        [
            curve.model,
            batches.device_name,
            batches.phase,
            curve.resolution,
            curve.inputs,
            curve.precision,
            batches.layout,
            batch.batch_size,
            batch.seconds,
            batch.images_per_second,
            batch.roofline_images_per_second,
            batch.bound,
            batch.peak_memory_bytes,
            batch.fits,
            batch.joules_per_image,
            batch.dollars_per_image,
            mark(curve, batch),
        ]
        for curve in batches.curves
        for batch in curve.batches
    ]
    return csv_text(_COLUMNS, rows).encode()
