"""The CSV writer of a comparison: a row for each model, device and phase, in base units."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from memprof import words
from memprof.comparisons.models import Comparison, Entry, Step
from memprof.reports.parts import theme
from memprof.reports.parts.csv_text import csv_text
from memprof.reports.writer import RenderOptions

EXTENSION = "csv"
_COLUMNS = (
    "model",
    "device",
    "batch_size",
    "resolution",
    "inputs",
    "precision",
    "phase",
    "layout",
    "parameters",
    "macs_per_image",
    "dram_bytes_per_image",
    "images_per_second",
    "roofline_images_per_second",
    "seconds_per_image",
    "peak_memory_bytes",
    "fits",
)


def render(comparison: Comparison, options: RenderOptions) -> bytes:
    """Return CSV in UTF-8: what is compared, then seconds per image by kind and the share of time by bound."""
    steps = [(item, step) for item in comparison.entries for step in item.steps]
    kinds = _names((part.name for _, step in steps for part in step.kinds), words.known_kinds())
    bounds = _names((part.name for _, step in steps for part in step.bounds), tuple(theme.BOUND_COLORS))
    header = [*_COLUMNS, *(f"seconds_per_image: {kind}" for kind in kinds), *(f"share bound by: {b}" for b in bounds)]
    return csv_text(header, [_row(item, step, kinds, bounds) for item, step in steps]).encode()


def _row(item: Entry, step: Step, kinds: Sequence[str], bounds: Sequence[str]) -> list[object]:
    by_kind = {part.name: part.seconds_per_image for part in step.kinds}
    by_bound = {part.name: part.share for part in step.bounds}
    fits = None if step.fits is None else str(step.fits).lower()
    return [
        item.model,
        item.device_name,
        item.batch_size,
        item.resolution,
        item.inputs,
        item.precision,
        step.phase,
        step.layout,
        item.parameters,
        item.macs_per_image,
        step.dram_bytes_per_image,
        step.images_per_second,
        step.roofline_images_per_second,
        step.seconds / item.batch_size,
        step.peak_memory_bytes,
        fits,
        *(by_kind.get(kind, 0.0) for kind in kinds),
        *(by_bound.get(bound, 0.0) for bound in bounds),
    ]


def _names(names: Iterable[str], known: Sequence[str]) -> tuple[str, ...]:
    """Return names without repetition, the known ones in their own order first."""
    here = dict.fromkeys(names)
    return (*(name for name in known if name in here), *(name for name in here if name not in known))
