"""Whether the ceilings agree with one another: no measured point may lie above a measured roof."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from memprof.calibration.records import LEVELS, Caution, Ceiling, Measurement
from memprof.devices import FIGURES

TOLERANCE = 0.05


def check(ceilings: Sequence[Ceiling], measurements: Sequence[Measurement]) -> list[Caution]:
    """Return a caution for each roof that measured points lie above, naming the one that does so most.

    What a probe moves through its own level it moves through every level further in as well; so DRAM's bandwidth, say,
    must not exceed L3's.
    """
    worst: dict[str, tuple[float, Measurement]] = {}
    roofs = {ceiling.key: ceiling.value for ceiling in ceilings}
    for measurement in measurements:
        for key, rate in _rates(measurement):
            over = rate / roofs[key] if key in roofs else 0.0
            if over > 1 + TOLERANCE and over > worst.get(key, (0.0, measurement))[0]:
                worst[key] = over, measurement
    return [
        Caution(
            f"{_point(measurement)} reaches {over:.2f} times the measured "
            f"{FIGURES[key].words_for_cpu}, which is therefore too low",
            "calibrate again when nothing else runs; on a virtual machine others may hold part of the cache",
        )
        for key, (over, measurement) in worst.items()
    ]


def _rates(measurement: Measurement) -> Iterator[tuple[str, float]]:
    """Yield the rates of a measurement by the ceiling that each must stay under."""
    task = measurement.task
    for level in LEVELS[LEVELS.index(task.level) :]:
        yield f"{level}_bytes_per_second", task.bytes_per_call / measurement.best_seconds
    is_matrix = not task.is_bandwidth and "_tensor_" in task.ceiling
    yield task.ceiling if is_matrix else "fp32_flops_per_second", task.flops_per_call / measurement.best_seconds


def _point(measurement: Measurement) -> str:
    """Say what a measurement is, at the beginning of a sentence: "Read with operands in L2"."""
    name = measurement.task.name
    return f"{name[:1].upper()}{name[1:]} with operands in {measurement.task.level.upper()}"
