"""Which workload to simulate beside a trace: what the trace shows, what a user says, and nothing guessed in between."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from memprof import models
from memprof.analysis.asking import Resolution, ask
from memprof.analysis.subject import subject_of
from memprof.analysis.trace_workload import workload_of
from memprof.calls import OperatorCall
from memprof.errors import WorkloadError
from memprof.profiles.task import Task
from memprof.report.record import Workload
from memprof.roofline.points import CostedCall
from memprof.vocabulary import CHANNELS_FIRST, INFER, TRAIN, Phase
from memprof.workload import check_workload

_TF32 = "tf32"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a user says of how the traced model ran; None where the trace is to tell, which it does not of the stack.

    `inputs` are texts such as "2x77:int64", in place of images.
    """

    batch_size: int | None = None
    resolution: Resolution = None
    phase: str | None = None
    precision: str | None = None
    layout: str | None = None
    stack: str = ""
    inputs: tuple[str, ...] = ()

    def task(self, batch_size: int) -> Task:
        """Return what the model is given, in a batch size; WorkloadError where that makes no sense."""
        return ask(self.inputs, self.resolution, batch_size).task


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
    inputs = wanted.task(batch_size).inputs
    pixels = None if isinstance(wanted.resolution, tuple) else wanted.resolution or shown_resolution
    workload = Workload(
        model=subject_of(model).name,
        batch_size=batch_size,
        resolution=None if inputs else pixels or models.default_resolution(model),
        phase=wanted.phase or (TRAIN if any(call.phase is Phase.BACKWARD for call in calls) else INFER),
        precision=precision,
        layout=wanted.layout or (told.layout if told else CHANNELS_FIRST),
        stack=wanted.stack,
        inputs=str(inputs or ""),
    )
    check_workload(
        batch_size=workload.batch_size,
        resolution=workload.resolution or models.DEFAULT_RESOLUTION,
        phase=workload.phase,
        precision=workload.precision,
        layout=workload.layout,
    )
    return workload


def _named_precision(calls: Iterable[OperatorCall]) -> str | None:
    """Return TF32 where a kernel's name says it; other precisions cannot be told from names."""
    named = any(_TF32 in kernel.name for call in calls for kernel in call.kernels)
    return _TF32 if named else None
