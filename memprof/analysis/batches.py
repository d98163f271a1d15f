"""One model at many batch sizes: a few simulations tell all of them, and the largest that fits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from memprof import devices
from memprof.analysis.simulated import in_precision, requested, simulate_built
from memprof.analysis.subject import image_size, subject_of, task_of
from memprof.devices import hosts
from memprof.devices.ceilings import ceilings, default_precision
from memprof.devices.hosts import DEFAULT_HOST
from memprof.errors import ModelError
from memprof.profiles.task import IMAGES, Task
from memprof.report.record import DeviceCeilings, Report, ReportWarning, Workload
from memprof.tensors.stack import parse_stack
from memprof.vocabulary import INFER
from memprof.workload import DEFAULT_LAYOUT, LARGEST_BATCH

if TYPE_CHECKING:
    from memprof.profiles.scaling import Scaling
    from memprof.profiles.simulated import Simulation


@dataclass(frozen=True, slots=True)
class BatchReports:
    """The reports of a model by batch size, in rising order.

    `largest_fitting` is the largest batch whose step fits into the device's memory, 0 where none does, None where that
    is not known. `simulated` are the batch sizes that were simulated; the others follow from them. `remarks` say why a
    batch of one is missing where it cannot be run, as in training with a batch norm of single values.
    """

    reports: tuple[Report, ...]
    largest_fitting: int | None
    simulated: tuple[int, ...]
    remarks: tuple[ReportWarning, ...] = ()


def analyze_batches(
    model: str,
    device: str | Path,
    batch_sizes: Sequence[int],
    *,
    task: Task = IMAGES,
    resolution: int | None = None,
    phase: str = INFER,
    precision: str | None = None,
    layout: str = DEFAULT_LAYOUT,
    host: str = DEFAULT_HOST,
    stack: str = "",
) -> BatchReports:
    """Analyse a step at each batch size; the rest is as in `memprof.analyze`. Inputs are taken in each batch size."""
    record, costs = devices.get(device), hosts.costs(hosts.get(host))
    subject, ran_on = subject_of(model), parse_stack(stack)

    def task_at(batch_size: int) -> Task:
        given = task.inputs
        sized = task if given is None else replace(task, inputs=given.with_batch(batch_size))
        return task_of(subject, sized, batch_size, resolution)

    sizes = sorted(set(batch_sizes))
    first = task_at(sizes[0])
    asked = replace(requested(subject, first, sizes[0], resolution, phase, layout), stack=ran_on.text)
    for size in (sizes[0], sizes[-1]):
        in_precision(replace(asked, batch_size=size), precision or default_precision(record))
    # Torch is met only from here on, so that a mistake above is told at once.
    from memprof.analysis.building import Built
    from memprof.profiles.stack_settings import stack_settings

    with stack_settings(ran_on):
        built = Built(subject.sized(image_size(first.inputs, asked.resolution)))
        asked = in_precision(asked, precision or built.precision or default_precision(record))
        built.check_precision(asked.precision)
        roof = ceilings(record, asked.precision, costs)

        def simulate(batch_size: int) -> Simulation:
            return simulate_built(built.take, replace(asked, batch_size=batch_size), task_at(batch_size))

        def workload_at(batch_size: int) -> Workload:
            given = task_at(batch_size).inputs
            return replace(asked, batch_size=batch_size, inputs=str(given) if given else "")

        return _report(Steps(simulate, sizes), sizes, workload_at, roof, built.remarks)


def _report(
    steps: Steps,
    sizes: Sequence[int],
    workload_at: Callable[[int], Workload],
    roof: DeviceCeilings,
    known: tuple[ReportWarning, ...],
) -> BatchReports:
    """Report on the step at each batch size; about the model, `known` is known already."""
    from memprof.analysis.assembly import assemble_report, cost_step

    reports, remarks = [], []
    for size in sizes:
        try:
            step = steps.at(size)
        except ModelError as error:
            if size > 1:
                raise
            remarks.append(ReportWarning("batch", f"batch 1 is left out: {error.what}", error.remedy))
        else:
            reports.append(assemble_report(cost_step(step, known), workload_at(size), roof))
    return BatchReports(tuple(reports), steps.largest_fitting(roof), steps.simulated, tuple(remarks))


class Steps:
    """A step at any of some batch sizes, in rising order, simulated by `simulate` only where others do not tell it.

    The two smallest, without a batch of one, tell the others, if they tell the largest just as it is simulated.
    """

    def __init__(self, simulate: Callable[[int], Simulation], sizes: Sequence[int]) -> None:
        from memprof.profiles.scaling import LEAST, Scaling

        self._simulate = simulate
        self._known: dict[int, Simulation] = {}
        self._sizes = tuple(sizes)
        self._scaling: Scaling | None = None
        several = [size for size in sizes if size >= LEAST]
        if len(several) >= 2:
            low, high = several[:2]
            last = several[-1] if len(several) > 2 else 2 * high
            scaling = Scaling(low, high, self._simulated(low), self._simulated(high))
            self._scaling = scaling if scaling.tells(last, self._simulated(last)) else None

    @property
    def simulated(self) -> tuple[int, ...]:
        """Return the batch sizes that were simulated."""
        return tuple(sorted(self._known))

    def at(self, batch_size: int) -> Simulation:
        """Return the step at one of the batch sizes."""
        if self._scaling is None or batch_size in self._known or batch_size < self._scaling.low:
            return self._simulated(batch_size)
        return self._scaling.at(batch_size)

    def largest_fitting(self, device: DeviceCeilings) -> int | None:
        """Return the largest batch that fits, 0 where none does; None where memory or the step's is not known."""
        from memprof.analysis.assembly import fits

        if self._scaling is None or device.memory_capacity_bytes is None:
            return None
        low, high = self._scaling.low - 1, LARGEST_BATCH
        while low < high:
            middle = (low + high + 1) // 2
            if fits(self._scaling.timeline(middle).use(), device):
                low = middle
            else:
                high = middle - 1
        if low >= self._scaling.low:
            return low
        return max((size for size in self._sizes if size <= low and fits(self.at(size).memory, device)), default=0)

    def _simulated(self, batch_size: int) -> Simulation:
        if batch_size not in self._known:
            self._known[batch_size] = self._simulate(batch_size)
        return self._known[batch_size]
