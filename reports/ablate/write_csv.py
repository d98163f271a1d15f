"""An ablation or a sweep as CSV: a row for each variant or setting and phase, in base units."""

from __future__ import annotations

from memprof.reports.parts.csv_text import csv_text
from memprof.whatif.ablation import Ablation
from memprof.whatif.sweep import Sweep

_VARIANTS = (
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
_SWEEP = (
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


def render(found: Ablation | Sweep) -> str:
    """Return CSV; a sweep's first column is its option, its last ones divide the depthwise part's time by bound."""
    return _sweep(found) if isinstance(found, Sweep) else _variants(found)


def _variants(found: Ablation) -> str:
    base = found.baseline
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
        for result in found.results
        for item in result.outcomes
    ]
    return csv_text(_VARIANTS, rows)


def _sweep(found: Sweep) -> str:
    work = found.device_name, found.batch_size, found.resolution, found.precision
    bounds = tuple(dict.fromkeys(part.bound for point in found.points for part in point.depthwise_bounds))
    rows = []
    for point in found.points:
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
    return csv_text((found.option, *_SWEEP, *(f"depthwise_seconds bound by: {bound}" for bound in bounds)), rows)
