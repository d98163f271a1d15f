"""The step that a trace recorded, simulated: a trace's report says what it ran in, a model is named beside it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from memprof.analysis.asking import Asked
from memprof.analysis.simulated import analyze_on
from memprof.analysis.traced import check_operators

if TYPE_CHECKING:
    from torch import nn

    from memprof.devices.record import Device
    from memprof.report.record import Report


def simulate_like(
    traced: Report,
    model: str | nn.Module | Callable[[], nn.Module],
    device: Device | None,
    asked: Asked,
    *,
    phase: str | None = None,
    layout: str | None = None,
    stack: str = "",
) -> Report:
    """Analyse a model in the workload of a trace, but for what is asked for, on `device` or what the trace names.

    Images take the trace's batch size and resolution where none is asked for, inputs of the model's own their own.
    TraceError where the trace has no operators to line up with; errors as of `memprof.analyze`.
    """
    check_operators(traced)
    work = traced.workload
    if asked.task.inputs is None:
        resolution = asked.resolution or work.resolution
        asked = replace(asked, batch_size=asked.batch_size or work.batch_size, resolution=resolution)
    return analyze_on(
        model,
        [device or traced.device.name],
        task=asked.task,
        batch_size=asked.batch_size,
        resolution=asked.resolution,
        phase=phase or work.phase,
        precision=work.precision,
        layout=layout or work.layout,
        stack=stack,
    )[0]
