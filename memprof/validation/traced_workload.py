"""Which workload to simulate beside a trace: what the trace shows, what a user says, and nothing guessed in between."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from memprof import models
from memprof.analysis.subject import subject_of
from memprof.analysis.trace_workload import workload_of
from memprof.calls import OperatorCall
from memprof.errors import WorkloadError
from memprof.report.record import Workload
from memprof.roofline.points import CostedCall
from memprof.vocabulary import CHANNELS_FIRST, INFER, TRAIN, Phase
from memprof.workload import check_workload

_TF32 = "tf32"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a user says of how the traced model ran; None where the trace is to tell, which it does not of the stack."""

    batch_size: int | None = None
    resolution: int | None = None
    phase: str | None = None
    precision: str | None = None
    layout: str | None = None
    stack: str = ""


NOT_SAID = Wanted()


def choose_workload(
    model: str, wanted: Wanted, shown: Sequence[CostedCall], calls: Sequence[OperatorCall], known: Sequence[str]
) -> Workload:
    """Return the workload of `model` as the traced `calls` ran it, on a device that has the precisions `known`.

    `shown` are the calls whose shapes tell of it; a trace without shapes tells less: WorkloadError then says what is to
    be given. The layout is channels-first where neither trace nor user says otherwise, which is PyTorch's own.
    """
    told = workload_of(model, shown, known, 1) if shown else None
    batch_size, precision = wanted.batch_size, wanted.precision
    if told is not None:
        batch_size, precision = batch_size or told.batch_size, precision or told.precision
    precision = precision or _named_precision(calls)
    missing = [name for name, value in (("--batch-size", batch_size), ("--precision", precision)) if value is None]
    if batch_size is None or precision is None:
        raise WorkloadError(
            "the trace has no shapes, so it does not tell how the model ran", f"say it with {' and '.join(missing)}"
        )
    shown_resolution = told.resolution if told else None
    workload = Workload(
        model=subject_of(model).name,
        batch_size=batch_size,
        resolution=wanted.resolution or shown_resolution or models.default_resolution(model),
        phase=wanted.phase or (TRAIN if any(call.phase is Phase.BACKWARD for call in calls) else INFER),
        precision=precision,
        layout=wanted.layout or (told.layout if told else CHANNELS_FIRST),
        stack=wanted.stack,
    )
    check_workload(
        batch_size=workload.batch_size,
        resolution=workload.pixels,
        phase=workload.phase,
        precision=workload.precision,
        layout=workload.layout,
    )
    return workload


def _named_precision(calls: Iterable[OperatorCall]) -> str | None:
    """Return TF32 where a kernel's name says it; other precisions cannot be told from names."""
    named = any(_TF32 in kernel.name for call in calls for kernel in call.kernels)
    return _TF32 if named else None
