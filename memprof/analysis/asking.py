"""What a user asks of models in words: images of a resolution, or inputs of their own, in a batch size."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from memprof.errors import WorkloadError
from memprof.profiles.task import IMAGES, Task
from memprof.tensors.inputs import Inputs, read_inputs, spec
from memprof.workload import DEFAULT_BATCH_SIZE, check_batch_size, check_resolution

if TYPE_CHECKING:
    from memprof.analysis.elsewhere import Held
    from memprof.devices.record import Device
    from memprof.report.record import Report

_NAMED = re.compile(r"([A-Za-z_]\w*)=(.*)", re.DOTALL)
_SIZES = re.compile(r"([+-]?\d{1,18})(?:x(\d{1,18}))?", re.ASCII)

Resolution = int | tuple[int, int] | None
"""Pixels a side, height and width, or what the model was made for."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What models are given: a task, and what of batch size and resolution it leaves open."""

    task: Task = IMAGES
    batch_size: int | None = None
    resolution: int | None = None

    def with_batch(self, batch_size: int) -> Asked:
        """Return the same in another batch size."""
        inputs = self.task.inputs
        task = self.task if inputs is None else replace(self.task, inputs=inputs.with_batch(batch_size))
        return replace(self, task=task, batch_size=batch_size)

    def analyze(self, model: str, targets: Sequence[str | Path | Device], **settings: Any) -> list[Report]:
        """Analyse a model with this on several devices; `settings` are the others of `analyze_on`."""
        return [held.report for held in self.hold(model, targets, **settings)]

    def hold(self, model: str, targets: Sequence[str | Path | Device], **settings: Any) -> list[Held]:
        """Do as `analyze`, and return with each report the step that it was made of."""
        from memprof.analysis.simulated import hold_on

        return hold_on(
            model, targets, task=self.task, batch_size=self.batch_size, resolution=self.resolution, **settings
        )


def read_resolution(text: str) -> Resolution:
    """Return "224" as pixels a side and "512x2048" as height and width; ValueError for anything else."""
    match = _SIZES.fullmatch(text.strip())
    if match is None:
        raise ValueError(text)
    height, width = int(match[1]), int(match[2] or match[1])
    return height if height == width else (height, width)


def ask(
    inputs: Sequence[str], resolution: Resolution, batch_size: int | None, default_batch_size: int = DEFAULT_BATCH_SIZE
) -> Asked:
    """Return what is asked for; WorkloadError where that makes no sense, or contradicts itself.

    `inputs` are texts such as "2x3x224x224:float32" and "mask=2x77:bool"; `batch_size` is what they are taken in.
    """
    if inputs and resolution is not None:
        raise WorkloadError("inputs have a resolution of their own", "leave out the resolution, or the inputs")
    if batch_size is not None:
        check_batch_size(batch_size)
    if isinstance(resolution, tuple):
        for side in resolution:
            check_resolution(side)
        shape = (batch_size or default_batch_size, 3, *resolution)
        return Asked(replace(IMAGES, inputs=Inputs((spec(shape),))))
    if resolution is not None:
        check_resolution(resolution)
    if not inputs:
        return Asked(IMAGES, batch_size, resolution)
    asked = Asked(replace(IMAGES, inputs=_read(inputs)))
    return asked if batch_size is None else asked.with_batch(batch_size)


def _read(inputs: Sequence[str]) -> Inputs | None:
    positional, named = [], {}
    for text in inputs:
        match = _NAMED.fullmatch(text.strip())
        if match and match[1] in named:
            raise WorkloadError(f"the input {match[1]} is given twice", "give it once")
        if match:
            named[match[1]] = spec(match[2])
        else:
            positional.append(spec(text))
    return read_inputs(tuple(positional), named)
