"""The rows of a group of a sweep: a workload is simulated once, then held against all devices at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from memprof.analysis.assembly import CostedStep, cost_step, step_error
from memprof.analysis.batches import Steps as BatchSteps
from memprof.analysis.building import Built
from memprof.analysis.rows import add_up
from memprof.analysis.simulated import in_precision, requested, simulate_built
from memprof.analysis.subject import image_size, subject_of, task_of
from memprof.devices.ceilings import ceilings, default_precision
from memprof.devices.hosts import default_costs
from memprof.devices.record import Device
from memprof.errors import MemprofError
from memprof.profiles.stack_settings import stack_settings
from memprof.profiles.task import IMAGES, Task
from memprof.report.record import DeviceCeilings, Workload
from memprof.roofline.points import Steps
from memprof.sweeps.plan import Group, Sweep
from memprof.sweeps.record import Row, failed_row, failed_rows
from memprof.tensors.precision import PRECISIONS, get_precision
from memprof.tensors.stack import parse_stack
from memprof.vocabulary import HOST

if TYPE_CHECKING:
    from memprof.profiles.simulated import Simulation

_TOGETHER = 16
"""Batch sizes whose steps are held in memory, and against devices, at once."""
_TOLD_BY_OTHERS = 6
"""From so many batch sizes on, simulations of three or four may spare those of the others."""


_Cells = dict[tuple[str | None, int, str], Row]
"""Rows of a group by what the sweep asked for: precision, batch size, device."""


def rows_of(sweep: Sweep, group: Group, devices: Sequence[Device]) -> list[Row]:
    """Return the rows of a group in the order of `sweep.cells()`; what fails is a row with its reason."""
    try:
        with stack_settings(parse_stack(group.stack)):
            cells = _analyse(sweep, group, devices)
    except MemprofError as error:
        return failed_rows(sweep, group, error.what)
    return [cells[cell] for cell in sweep.cells()]


def _analyse(sweep: Sweep, group: Group, devices: Sequence[Device]) -> _Cells:
    source = _Source(group, sweep.batch_size)
    cells: _Cells = {}
    asked: dict[str, list[tuple[str | None, Device]]] = {}
    for precision in sweep.precision:
        for device in devices:
            own = precision or source.built.precision or default_precision(device)
            asked.setdefault(_policy(own), []).append((precision, device))
    for pairs in asked.values():
        cells |= source.rows(pairs)
    return cells


def _policy(precision: str) -> str:
    """Return the first precision whose steps are those of `precision`: TF32 changes what runs them only."""
    policy = get_precision(precision)
    alike = (name for name, it in PRECISIONS.items() if (it.storage, it.autocast) == (policy.storage, policy.autocast))
    return next(alike)


class _Source:
    """The model of a group, built once, and its rows."""

    def __init__(self, group: Group, batch_sizes: Sequence[int]) -> None:
        self._group, self._batch_sizes = group, batch_sizes
        self._subject = subject_of(group.model)
        first = self._task(batch_sizes[0])
        asked = requested(self._subject, first, batch_sizes[0], group.resolution, group.phase, group.layout)
        self._asked = replace(asked, stack=group.stack)
        self.built = Built(self._subject.sized(image_size(first.inputs, asked.resolution)))

    def rows(self, pairs: Sequence[tuple[str | None, Device]]) -> _Cells:
        """Return the rows of precisions, as they were asked for, and devices; all have the same steps."""
        cells: _Cells = {}
        by_precision: dict[str, list[tuple[str | None, Device, DeviceCeilings]]] = {}
        costs = default_costs()
        for asked, device in pairs:
            precision = asked or self.built.precision or default_precision(device)
            try:
                self.built.check_precision(precision)
                roof = ceilings(device, precision, costs)
            except MemprofError as error:
                cells |= self._fail(asked or precision, asked, device, self._batch_sizes, error.what)
            else:
                by_precision.setdefault(precision, []).append((asked, device, roof))
        for steps, reasons in self._steps(next(iter(by_precision), "")):
            for precision, wanted in by_precision.items():
                for asked, device, _ in wanted:
                    for size, reason in reasons.items():
                        cells |= self._fail(precision, asked, device, [size], reason)
                cells |= self._hold(precision, wanted, steps)
        return cells

    def _hold(
        self,
        precision: str,
        wanted: Sequence[tuple[str | None, Device, DeviceCeilings]],
        steps: Mapping[int, CostedStep],
    ) -> _Cells:
        """Hold steps, by batch size, against devices."""
        cells: _Cells = {}
        together = Steps([step.costed for step in steps.values()], get_precision(precision))
        alone = {size: self._figures_of_step(size, precision, step) for size, step in steps.items()}
        for asked, device, roof in wanted:
            times = together.on(roof)
            by_bound, least = times.seconds_by_bound(), times.least_by_step()
            for place, (size, row) in enumerate(alone.items()):
                seconds, held_up = float(by_bound[place].sum()), float(by_bound[place][times.names.index(HOST)])
                cells[asked, size, device.name] = replace(
                    row,
                    device=device.name,
                    images_per_second=size / seconds if seconds else None,
                    seconds=seconds,
                    roofline_seconds=float(least[place]),
                    bound=times.names[int(by_bound[place].argmax())],
                    relative_error=step_error(seconds, held_up, self._workload(size, precision), roof),
                )
        return cells

    def _figures_of_step(self, size: int, precision: str, step: CostedStep) -> Row:
        """Return what a row says whatever the device."""
        group, works = self._group, [work for item in step.costed for work in item.works]
        setting = self._asked.resolution, group.phase, group.layout, group.stack
        return Row(
            *(group.model, "", precision, size, *setting),
            peak_bytes=float(step.memory.peak_bytes) if step.memory is not None else None,
            flops=add_up(work.flops for work in works),
            dram_bytes=add_up(work.dram.total_bytes for work in works),
        )

    def _fail(self, precision: str, asked: str | None, device: Device, sizes: Sequence[int], reason: str) -> _Cells:
        cells = {(asked, size, device.name): (precision, size, device.name) for size in sizes}
        return {key: failed_row(self._group, cell, self._asked.resolution, reason) for key, cell in cells.items()}

    def _steps(self, precision: str) -> Iterator[tuple[dict[int, CostedStep], dict[int, str]]]:
        """Yield steps by batch size, some at a time, and why others are missing; nothing where `precision` is ""."""
        if not precision:
            return
        simulated: BatchSteps | None = None
        if len(self._batch_sizes) >= _TOLD_BY_OTHERS:
            simulated = BatchSteps(lambda size: self._simulate(size, precision), self._batch_sizes)
        for start in range(0, len(self._batch_sizes), _TOGETHER):
            steps: dict[int, CostedStep] = {}
            reasons: dict[int, str] = {}
            for size in self._batch_sizes[start : start + _TOGETHER]:
                try:
                    simulation = simulated.at(size) if simulated is not None else self._simulate(size, precision)
                    steps[size] = cost_step(simulation)
                except MemprofError as error:
                    reasons[size] = error.what
            yield steps, reasons

    def _simulate(self, batch_size: int, precision: str) -> Simulation:
        return simulate_built(self.built.take, self._workload(batch_size, precision), self._task(batch_size))

    def _workload(self, batch_size: int, precision: str) -> Workload:
        return in_precision(replace(self._asked, batch_size=batch_size), precision)

    def _task(self, batch_size: int) -> Task:
        return task_of(self._subject, IMAGES, batch_size, self._group.resolution)
