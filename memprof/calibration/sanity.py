"""Whether the ceilings agree with one another: no measured point may lie above a measured roof."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from memprof.calibration.records import LEVELS, Caution, Ceiling, Timing
from memprof.devices import FIGURES

TOLERANCE = 0.05


def check(ceilings: Sequence[Ceiling], timings: Sequence[Timing]) -> list[Caution]:
    """Return a caution for each roof that measured points lie above, naming the one that does so most.

    What a probe moves through its own level it moves through every level further in as well; so DRAM's bandwidth, say,
    must not exceed L3's.
    """
    worst: dict[str, tuple[float, Timing]] = {}
    roofs = {ceiling.key: ceiling.value for ceiling in ceilings}
    for timing in timings:
        for key, rate in _rates(timing):
            over = rate / roofs[key] if key in roofs else 0.0
            if over > 1 + TOLERANCE and over > worst.get(key, (0.0, timing))[0]:
                worst[key] = over, timing
    return [
        Caution(
            f"{_point(timing)} reaches {over:.2f} times the measured "
            f"{FIGURES[key].words_for_cpu}, which is therefore too low",
            "calibrate again when nothing else runs; on a virtual machine others may hold part of the cache",
        )
        for key, (over, timing) in worst.items()
    ]


def _rates(timing: Timing) -> Iterator[tuple[str, float]]:
    """Yield the rates of a measurement by the ceiling that each must stay under."""
    task = timing.task
    for level in LEVELS[LEVELS.index(task.level) :]:
        yield f"{level}_bytes_per_second", task.bytes_per_call / timing.best_seconds
    is_matrix = not task.is_bandwidth and "_tensor_" in task.ceiling
    yield task.ceiling if is_matrix else "fp32_flops_per_second", task.flops_per_call / timing.best_seconds


def _point(timing: Timing) -> str:
    """Say what a measurement is, at the beginning of a sentence: "Read with operands in L2"."""
    name = timing.task.name
    return f"{name[:1].upper()}{name[1:]} with operands in {timing.task.level.upper()}"
