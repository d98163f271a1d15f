"""Fit the constants of the time model to published measurements and write them into memprof/devices/achievable.json.

    python benchmarks/fit.py ../shared/published [--cache calls.pickle] [--write]

Single kernels of an A100 (NeuSight) tell what streaming and row kernels reach of HBM; whole networks on an A100
(InceptionNeXt) and an RTX 3090 (timm) tell the rest, both devices counting the same. Constants start from the values in
the file and are held near them by a weak prior, so the script is run again until they settle. Residuals are logarithms
of predicted over measured time, with a Huber loss, so that what memprof does not model (one network in a hundred) does
not bend the rest. What single kernels tell of CUDA cores and of depthwise taps is fitted by benchmarks/fit_kernels.py.
"""

from __future__ import annotations

import argparse
import csv
import json
import pickle
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from least_squares import Floats, Parameter, fit
from numpy.typing import NDArray

from memprof import devices, models
from memprof.analysis.assembly import cost_calls
from memprof.calls import OperatorCall, extract_calls
from memprof.devices.achievable import achievable
from memprof.devices.ceilings import ceilings
from memprof.errors import MemprofError
from memprof.operators import registry
from memprof.operators.work import Work
from memprof.report.record import DeviceCeilings
from memprof.roofline.bounds import Bounds
from memprof.roofline.kernels import Kernels, gather
from memprof.roofline.points import bounds_of, engines_of
from memprof.roofline.timing import kernel_times
from memprof.tensors.precision import get_precision
from memprof.validation.measurements import read_measurements
from memprof.validation.prediction import Task, task_of
from memprof.validation.protocol import source_settings
from memprof.validation.published import published_measurements
from memprof.validation.records import Measurement
from memprof.validation.tables import read_table

TARGET = Path(__file__).parents[1] / "memprof" / "devices" / "achievable.json"
LATENCY = 19e-6
"""Seconds of NeuSight's latencies that are no kernel's: what an add of few elements takes beyond its launch."""
GDDR_STREAM = 0.95
"""Share of GDDR bandwidth that streaming kernels reach: 0.94 to 0.98 measured on A40, 0.956 on an RTX 3090
(github.com/te42kyfo/gpu-benches, github.com/Don-Chad/ninfer-3090 PR 17)."""
LAUNCH = 5.4e-6
"""Seconds that a kernel costs beyond its ceilings: what kernels with less than half a microsecond of work take in real
traces (medians of the shared ones: V100 1.0, H100 4.2, MI300X 4.4, A100 9.6 microseconds), of which the middle, and the
1 to 2 microseconds to the next kernel where that has long been launched. Whole networks would push it up without end:
they cannot tell it from what else grows with the number of kernels."""
SHARED = (
    "transposed_dram_fraction",
    "matmul_dram_fraction",
    "convolution_dram_fraction",
    "depthwise_cudnn_dram_fraction",
    "few_channels_tensor_fraction",
    "grouped_tensor_fraction",
    "grouped_weight_tensor_fraction",
    "grouped_weight_packed_tensor_fraction",
    "attention_tensor_fraction",
    "attention_backward_tensor_fraction",
    "pointwise_converted_fraction",
    "serial_load_seconds",
    "elementwise_instructions",
    "tensor_prologue_depth",
    "depthwise_weight_instructions",
    "depthwise_cudnn_l1_fraction",
    "depthwise_cudnn_weight_instructions",
    "depthwise_cudnn_weight_instructions_16bit",
)
BY_DEVICE = ("matmul_tensor_fraction", "convolution_tensor_fraction", "weight_gradient_tensor_fraction")
BY_MEMORY = ("stream_dram_fraction", "row_dram_fraction")


@dataclass(frozen=True)
class Problem:
    """The different kernels of many steps on one device, and how often each of them (column) is in each step (row)."""

    device: str
    ceilings: DeviceCeilings
    kernels: Kernels
    bounds: Bounds
    step: NDArray[np.intp]
    kernel: NDArray[np.intp]
    count: Floats
    measured: Floats

    def seconds(self, constants: Mapping[str, float]) -> Floats:
        """Return the predicted seconds of each step, waits for the host left out."""
        runs = kernel_times(self.kernels, self.bounds, constants).runs
        return np.bincount(self.step, runs[self.kernel] * self.count, minlength=len(self.measured))


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def calls_of(task: Task) -> tuple[OperatorCall, ...]:
    """Return the calls of a workload, built and run as it was measured; none where the model does not run."""
    from memprof.profiles.simulated import simulate

    try:
        with source_settings(task.source, task.stack, task.phase):
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
    return extract_calls(simulation.profile, lambda operator: registry.find(operator) is not None)


def build(device: str, precision: str, steps: Sequence[tuple[Sequence[OperatorCall], float]]) -> Problem:
    """Cost the calls of `steps`, each with its measured seconds."""
    works: dict[Work, int] = {}
    cache: dict[OperatorCall, tuple[int, ...]] = {}
    step, kernel, count = [], [], []
    for place, (calls, _) in enumerate(steps):
        kernels: Counter[int] = Counter()
        for call in calls:
            if call not in cache:
                costed, _ = cost_calls([call])
                cache[call] = tuple(works.setdefault(work, len(works)) for item in costed for work in item.works)
            kernels.update(cache[call])
        step += [place] * len(kernels)
        kernel += list(kernels)
        count += list(kernels.values())
    roofs = ceilings(devices.get(device), precision)
    engines = [engines_of(work, roofs, get_precision(precision)) for work in works]
    return Problem(
        device,
        roofs,
        gather(tuple(works), engines),
        bounds_of(tuple(works), engines, roofs),
        np.array(step),
        np.array(kernel),
        np.array(count, dtype=float),
        np.array([seconds for _, seconds in steps]),
    )


def hbm_fraction(folder: Path, operators: Mapping[str, int]) -> float:
    """Return the median share of DRAM bandwidth that NeuSight's kernels above 100 microseconds reach."""
    peak = devices.get("a100").bandwidth("dram")
    reached = []
    for name, tensors in operators.items():
        for row in rows_of(folder / f"kernels_{name}_A100-PCIE-40GB_torch2.1.0.csv"):
            seconds = float(row["Latency"]) * 1e-3 - LATENCY
            if seconds > 100e-6:
                reached.append(4 * tensors * float(row["B"]) * float(row["H"]) / peak / seconds)
    return float(np.median(reached))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("published", type=Path)
    parser.add_argument("--cache", type=Path, help="Where to keep the simulated calls between runs.")
    parser.add_argument("--write", action="store_true", help="Write the constants into the device data.")
    options = parser.parse_args()
    problems, best_of, measured = load(options.published, options.cache)
    stated = {
        key: {"a100": achievable(devices.get("a100")), "rtx3090": achievable(devices.get("rtx3090"))}
        for key in (*SHARED, *BY_DEVICE, *BY_MEMORY)
    }
    start: dict[Parameter, float] = {(key, "all"): stated[key]["rtx3090"][key].value for key in SHARED}
    for key in (*BY_DEVICE, *BY_MEMORY):
        start |= {(key, name): stated[key][name][key].value for name in ("a100", "rtx3090")}
    fixed = {
        ("stream_dram_fraction", "a100"): hbm_fraction(options.published, {"add": 3, "relu": 2, "gelu": 2}),
        ("stream_dram_fraction", "rtx3090"): GDDR_STREAM,
        ("row_dram_fraction", "a100"): hbm_fraction(options.published, {"ln": 2, "softmax": 2}),
    }
    fixed |= {("launch_seconds", "all"): LAUNCH}
    start = {name: value for name, value in start.items() if name not in fixed}

    # The two devices count the same, however many rows each has.
    weight = np.sqrt(len(problems[1].measured) / len(measured))

    def residuals(point: Mapping[Parameter, float]) -> Floats:
        a100, rtx3090 = (problem.seconds(constants(problem, {**point, **fixed})) for problem in problems)
        table = np.log(a100[best_of].min(axis=1) / measured)
        return np.concatenate([table * weight, np.log(rtx3090 / problems[1].measured)])

    point = {**fit(residuals, start), **fixed}
    errors = residuals(point)
    print_errors("A100", errors[: len(measured)] / weight)
    print_errors("RTX 3090", errors[len(measured) :])
    for (key, owner), value in sorted(point.items()):
        print(f"{key} ({owner}) = {value:.4g}")
    if options.write:
        write(point, {("stream_dram_fraction", "rtx3090"), ("launch_seconds", "all")})


def constants(problem: Problem, point: Mapping[Parameter, float]) -> dict[str, float]:
    """Return the device's constants with those of `point` in their place."""
    stated = {key: value for key, value in problem.ceilings.achievable.items() if key != "l2_capacity_bytes"}
    return {
        **stated,  # equal kernels are counted together here, so that none has a predecessor to find data of in L2
        **{key: value for (key, owner), value in point.items() if owner in ("all", problem.device)},
    }


def load(folder: Path, cache: Path | None) -> tuple[tuple[Problem, Problem], NDArray[np.intp], Floats]:
    """Return the A100's and the RTX 3090's problems, the two steps (layouts) of each A100 row, and its seconds.

    Models are named as `memprof validate` names them, so that what is fitted is what is validated.
    """
    kept: dict[Task, tuple[OperatorCall, ...]] = {}
    if cache and cache.exists():
        kept = pickle.loads(cache.read_bytes())
    a100 = [step for row in published_measurements() for step in steps_of(row, kept)]
    entries = read_measurements(read_table(folder / "throughput_timm.csv"))
    rows = [entry.measurement for entry in entries if entry.measurement is not None]
    rtx3090 = [step for row in rows for step in steps_of(row, kept) if step[0]]
    if cache:
        cache.write_bytes(pickle.dumps(kept))
    pairs = np.arange(len(a100)).reshape(-1, 2)
    measured = np.array([seconds for _, seconds in a100[::2]])
    return (build("a100", "tf32", a100), build("rtx3090", "amp-fp16", rtx3090)), pairs, measured


def steps_of(
    row: Measurement, kept: dict[Task, tuple[OperatorCall, ...]]
) -> list[tuple[tuple[OperatorCall, ...], float]]:
    """Return the calls of a measurement in each of its layouts, and its seconds a step."""
    steps = []
    for layout in row.layouts:
        task = task_of(row, layout)
        if task not in kept:
            kept[task] = calls_of(task)
        steps.append((kept[task], row.batch_size / row.images_per_second))
    return steps


def print_errors(name: str, errors: Floats) -> None:
    off = np.abs(np.expm1(errors))
    centred = np.abs(np.expm1(errors - np.median(errors)))
    print(f"{name}: {len(errors)} rows, mean error {off.mean():.1%}, {centred.mean():.1%} without the common bias")


def write(point: Mapping[Parameter, float], given: set[Parameter]) -> None:
    """Put the constants into the device data, but for those that are `given` from elsewhere."""
    data = json.loads(TARGET.read_text(encoding="utf-8"))
    for (key, owner), value in point.items():
        if (key, owner) in given:
            continue
        narrow = {"memory": "GDDR"} if key in BY_MEMORY else {"half_rate": True}
        for statement in data["constants"][key]["statements"]:
            is_narrow = all(statement.get(name) == wanted for name, wanted in narrow.items())
            if owner == "all" or is_narrow == (owner != "a100"):
                statement.update(value=float(f"{value:.3g}"))
    TARGET.write_text(json.dumps(data, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
