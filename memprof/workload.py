"""The workload a user asks for, checked: batch, resolution, phase, precision and layout."""

from __future__ import annotations

from memprof.errors import WorkloadError, did_you_mean
from memprof.tensors.precision import get_precision
from memprof.vocabulary import CHANNELS_LAST, CPU, LAYOUTS, PHASES

DEFAULT_BATCH_SIZE = 128
DEFAULT_LAYOUT = CHANNELS_LAST

CUDA = "cuda"
"""What a model can really run on."""
DEFAULT_RUN_BATCH_SIZES = {CPU: 8, CUDA: DEFAULT_BATCH_SIZE}
DEFAULT_WARM_UP = 3

LARGEST_BATCH = 65_536
_LARGEST_RESOLUTION = 16_384


def check_workload(*, batch_size: int, resolution: int | None, phase: str, precision: str, layout: str) -> None:
    """Raise WorkloadError unless every setting is one that can be analysed; None is a resolution that inputs decide."""
    check_batch_size(batch_size)
    if resolution is not None:
        check_resolution(resolution)
    if phase not in PHASES:
        raise WorkloadError(f"unknown phase {phase!r}", did_you_mean(phase, PHASES))
    if layout not in LAYOUTS:
        raise WorkloadError(f"unknown layout {layout!r}", did_you_mean(layout, LAYOUTS))
    get_precision(precision)


def check_batch_size(batch_size: int) -> None:
    """Raise WorkloadError unless a batch size is one that can be analysed."""
    _check_range("batch size", batch_size, LARGEST_BATCH)


def check_resolution(resolution: int) -> None:
    """Raise WorkloadError unless pixels a side are as many as can be analysed."""
    _check_range("resolution", resolution, _LARGEST_RESOLUTION)


def _check_range(what: str, value: int, largest: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= largest:
        raise WorkloadError(f"{what} {value!r} is out of range", f"give a whole number from 1 to {largest}")
