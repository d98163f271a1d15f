"""What a configuration has measured: its models in its phases, on the processor of the machine that runs the check."""

from __future__ import annotations

from collections.abc import Callable

from memprof.gate.config import GateConfig
from memprof.gate.metrics import MEASURED
from memprof.gate.records import MeasuredResult

_PRECISION = "fp32"
"""Processors have no TF32, and most have no fast path for smaller types: those would be emulated."""


def measure(
    config: GateConfig, ref: str, progress: Callable[[str], object] | None = None
) -> tuple[MeasuredResult, ...]:
    """Measure what is gated against the commit `ref`, in turns; GateError where that is no commit to measure against.

    `progress` is told what is being measured.
    """
    from memprof.gate.measured.against import measure_against

    resolution = config.resolutions[0] if config.resolutions else None
    inputs = config.inputs
    if isinstance(resolution, tuple):
        inputs, resolution = (f"{config.measured_batch_size}x3x{resolution[0]}x{resolution[1]}",), None
    return measure_against(
        config.models,
        config.phases,
        batch_size=config.measured_batch_size,
        resolution=resolution,
        inputs=inputs,
        precision=_PRECISION,
        layout=config.layouts[0],
        ref=ref,
        budget=config.budgets[MEASURED.name].amount,
        root=config.folder,
        progress=progress,
    )
