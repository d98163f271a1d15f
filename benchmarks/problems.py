"""Published throughputs as arrays: the kernels of many steps on one device, so that a fit can try constants on all."""

from __future__ import annotations

import pickle
import random
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from memprof import devices, models
from memprof.analysis.assembly import cost_calls
from memprof.calls import OperatorCall, extract_calls
from memprof.devices import hosts
from memprof.devices.ceilings import ceilings
from memprof.devices.hosts import default_costs
from memprof.errors import MemprofError
from memprof.operators import registry
from memprof.operators.work import Work
from memprof.report.record import DeviceCeilings
from memprof.roofline.bounds import Bounds
from memprof.roofline.hosts import launch_times
from memprof.roofline.kernels import Kernels, gather
from memprof.roofline.points import bounds_of, engines_of
from memprof.roofline.timing import kernel_times, timeline
from memprof.tensors.precision import get_precision
from memprof.tensors.stack import parse_stack
from memprof.validation.measurements import read_measurements
from memprof.validation.prediction import Task, task_of
from memprof.validation.records import Measurement
from memprof.validation.tables import read_table

Floats = NDArray[np.float64]
Calls = tuple[OperatorCall, ...]
Record = TypeVar("Record", Kernels, Bounds)
SEED = 0
HOST_BOUND_BATCH = 32
"""Below, the host and not the device sets the pace of NVIDIA's rows (../shared/published, README)."""


@dataclass(frozen=True)
class Problem:
    """The kernels of many steps on one device, in order, and the `step` that each of them is of (n,).

    A row has as many steps as layouts; the fastest counts. `waits` (steps,) are seconds that the device waits for the
    host, at the constants that memprof has.
    """

    rows: tuple[Measurement, ...]
    ceilings: DeviceCeilings
    kernels: Kernels
    bounds: Bounds
    step: NDArray[np.intp]
    steps_of: tuple[tuple[int, ...], ...]
    waits: Floats

    @property
    def measured(self) -> Floats:
        """Return the measured seconds of a step of each row."""
        return np.array([row.batch_size / row.images_per_second for row in self.rows])

    def seconds(self, constants: Mapping[str, float]) -> Floats:
        """Return the predicted seconds of each row."""
        device = replace(self.ceilings, achievable={**self.ceilings.achievable, **constants})
        runs = kernel_times(self.kernels, self.bounds, device).runs
        steps = np.bincount(self.step, runs, minlength=int(self.step.max()) + 1) + self.waits
        return np.array([steps[list(places)].min() for places in self.steps_of])


def family_of(model: str) -> str:
    """Return what networks of one family share: the letters that their name begins with."""
    bare = model.rpartition(":")[2] if model.startswith(("timm:", "torchvision:")) else model
    match = re.match(r"[a-z]+", bare)
    return match[0] if match else bare


def load(folder: Path, cache: Path | None, most: int) -> Iterator[Problem]:
    """Yield a problem for each file of throughputs, device, precision and phase, of up to `most` of its rows."""
    kept: dict[Task, Calls] = pickle.loads(cache.read_bytes()) if cache and cache.exists() else {}
    for path in sorted(folder.glob("throughput_*.csv")):
        entries = read_measurements(read_table(path))
        groups: dict[tuple[str, str, str], list[Measurement]] = defaultdict(list)
        for entry in entries:
            row = entry.measurement
            if row is not None and (row.batch_size >= HOST_BOUND_BATCH or "nvidia" not in path.name):
                groups[row.device, row.precision, row.phase].append(row)
        for rows in groups.values():
            random.Random(SEED).shuffle(rows)
            yield _build(_runnable(rows, kept, most))
    if cache:
        cache.write_bytes(pickle.dumps(kept))


def _runnable(
    rows: Sequence[Measurement], kept: dict[Task, Calls], most: int
) -> list[tuple[Measurement, tuple[Calls, ...]]]:
    """Return up to `most` rows whose models run, each with the calls of its layouts; `kept` saves simulations."""
    chosen: list[tuple[Measurement, tuple[Calls, ...]]] = []
    for row in rows:
        for layout in row.layouts:
            task = task_of(row, layout)
            if task not in kept:
                kept[task] = _calls_of(task)
        calls = tuple(kept[task_of(row, layout)] for layout in row.layouts)
        if all(calls):
            chosen.append((row, calls))
        if len(chosen) == most:
            break
    return chosen


def _calls_of(task: Task) -> Calls:
    """Return the calls of a workload, built and run as it was measured; none where the model does not run."""
    from memprof.profiles.simulated import simulate
    from memprof.profiles.stack_settings import stack_settings

    stack = parse_stack(task.stack)
    try:
        with stack_settings(stack):
            simulation = simulate(
                lambda: models.create_model(task.model),
                batch_size=task.batch_size,
                resolution=task.resolution,
                training=task.phase == "train",
                precision=get_precision(task.precision),
                channels_last=task.layout == "channels-last",
            )
    except MemprofError:
        return ()
    profile = replace(simulation.profile, stack=stack)
    return extract_calls(profile, lambda operator: registry.find(operator) is not None)


def _build(rows: Sequence[tuple[Measurement, tuple[Calls, ...]]]) -> Problem:
    """Cost the calls of rows that ran on one device in one precision."""
    works: dict[Work, int] = {}
    cache: dict[OperatorCall, tuple[int, ...]] = {}
    step, kernel, steps_of = [], [], []
    launched: list[Floats] = []
    places = 0
    for row, layouts in rows:
        steps_of.append(tuple(range(places, places + len(layouts))))
        for calls in layouts:
            for call in calls:
                if call not in cache:
                    costed, _unknown = cost_calls([call])
                    cache[call] = tuple(works.setdefault(work, len(works)) for item in costed for work in item.works)
                kernel += cache[call]
                step += [places] * len(cache[call])
            kinds = tuple(works)
            costed_calls = [(call, [kinds[index] for index in cache[call]]) for call in calls]
            launched.append(launch_times(costed_calls, hosts.costs(hosts.get(row.host))))
            places += 1
    first = rows[0][0]
    roofs = ceilings(devices.get(first.device), first.precision, default_costs())
    engines = [engines_of(work, roofs, get_precision(first.precision)) for work in works]
    kernels = taken(gather(tuple(works), engines), np.array(kernel))
    bounds = taken(bounds_of(tuple(works), engines, roofs), np.array(kernel))
    steps = np.array(step)
    runs = kernel_times(kernels, bounds, roofs).runs
    waits = [timeline(runs[steps == place], times).waits.sum() for place, times in enumerate(launched)]
    return Problem(tuple(row for row, _ in rows), roofs, kernels, bounds, steps, tuple(steps_of), np.array(waits))


def taken(record: Record, index: NDArray[np.intp]) -> Record:
    """Return a record of arrays (..., n) with the items of `index` (m,): what equal kernels share is made once."""
    arrays = {field.name: getattr(record, field.name) for field in fields(record)}
    return replace(
        record, **{name: value[..., index] for name, value in arrays.items() if isinstance(value, np.ndarray)}
    )
