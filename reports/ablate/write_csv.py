"""The CSV writer of an ablation: a row for each variant and phase, in base units."""

from __future__ import annotations

from memprof.reports.parts.csv_text import csv_text
from memprof.reports.writer import RenderOptions
from memprof.whatif.ablation import Ablation

EXTENSION = "csv"
_COLUMNS = (
    "model",
    "change",
    "device",
    "batch_size",
    "resolution",
    "precision",
    "phase",
    "layout",
    "parameters",
    "macs_per_image",
    "images_per_second",
    "ratio_to_baseline",
    "published_images_per_second",
    "published_ratio_to_baseline",
)


def render(ablation: Ablation, options: RenderOptions) -> bytes:
    """Return CSV in UTF-8."""
    base = ablation.baseline
    work = base.device_name, base.batch_size, base.resolution, base.precision
    rows = [
        [
            result.model,
            result.change,
            *work,
            item.phase,
            item.layout,
            result.parameters,
            result.macs_per_image,
            item.images_per_second,
            item.ratio,
            item.published_images_per_second,
            item.published_ratio,
        ]
        for result in ablation.results
        for item in result.outcomes
    ]
    return csv_text(_COLUMNS, rows).encode()
