"""From measurements to ceilings, and from ceilings to a device and what to beware of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from memprof.calibration.bench import Bench
from memprof.calibration.records import LEVELS, Caution, Ceiling, Missed, Timing
from memprof.calibration.sanity import check
from memprof.devices import FIGURES, Device, Figure, format_figure
from memprof.devices.files import REQUIRED
from memprof.errors import DeviceError

FP32 = "fp32_flops_per_second"
ELEMENTWISE = "elementwise_flops_per_second"
_TYPES = ("tf32", "bf16", "fp16")
_KEYS = (
    *(f"{level}_bytes_per_second" for level in LEVELS),
    FP32,
    ELEMENTWISE,
    *(f"{name}_tensor_flops_per_second" for name in _TYPES),
)
_LARGE_SPREAD = 0.1
_SLOWER = 1.1
"""Times that FP32 must be faster than another type for that to be worth a caution."""
_BUSY = 0.25
"""Load average for each CPU from which on the machine counts as busy."""
_AGAIN = "leave the machine alone and calibrate again"


def find_ceilings(timings: Iterable[Timing]) -> tuple[Ceiling, ...]:
    """Return the ceilings, in the order in which they are shown; element-wise arithmetic may set FP32's as well."""
    by_key: dict[str, list[Timing]] = {}
    for timing in timings:
        own = timing.task.ceiling
        for key in (own, FP32) if own == ELEMENTWISE else (own,):
            by_key.setdefault(key, []).append(timing)
    ceilings = []
    for key in _KEYS:
        ranked = sorted(by_key.get(key, []), key=lambda timing: timing.rate, reverse=True)
        if ranked:
            ceilings.append(Ceiling(key, ranked[0], tuple(ranked[1:])))
    return tuple(ceilings)


def device_of(bench: Bench, ceilings: Sequence[Ceiling], cautions: Sequence[Caution], date: str) -> Device:
    """Return the device with these ceilings, measured on `date`."""
    by = f"measured by memprof calibrate on {date} with {bench.measured_by}"
    measured = {ceiling.key: Figure(ceiling.value, f"{by}; {_way(ceiling.winner)}") for ceiling in ceilings}
    spread = max((ceiling.winner.spread for ceiling in ceilings), default=0.0)
    if spread > 0:
        measured["measured_spread_fraction"] = Figure(float(f"{spread:.3g}"), by)
    figures: Mapping[str, Figure] = {**bench.figures, **measured}
    return Device(
        name=bench.name,
        title=bench.title,
        aliases=(),
        architecture=bench.architecture,
        compute_capability=bench.compute_capability,
        memory_type=None,
        figures={key: figures[key] for key in FIGURES if key in figures},
        notes=(*bench.notes, *(f"{caution}." for caution in cautions)),
    )


def demand_required(ceilings: Sequence[Ceiling], missed: Sequence[Missed]) -> None:
    """Raise DeviceError where a ceiling is missing without which there is no roofline."""
    keys = {ceiling.key for ceiling in ceilings}
    absent = [key for key in REQUIRED if key not in keys]
    if absent:
        reasons = "; ".join(f"{item.name}: {item.reason}" for item in missed) or "no call of it came to an end"
        raise DeviceError(
            f"this machine's {FIGURES[absent[0]].words_for_cpu} could not be measured ({reasons})",
            "free some memory and try again, or describe the machine in a device file, see docs/devices.md",
        )


def cautions_of(
    bench: Bench,
    ceilings: Sequence[Ceiling],
    timings: Sequence[Timing],
    missed: Sequence[Missed],
    load: float | None,
) -> tuple[Caution, ...]:
    """Return what to know about the figures. `load` is the load average before the start, None where unknown."""
    cautions = list(bench.cautions)
    cpus = bench.caches.cpus
    if load is not None and load > _BUSY * cpus:
        cautions.append(
            Caution(
                f"The machine was busy before the start: a load average of {load:.1f} on {cpus} CPUs, so that the "
                "ceilings may be too low",
                _AGAIN,
            )
        )
    cautions += _spread_cautions(ceilings)
    cautions += [Caution(f"{item.name} could not be measured: {item.reason}") for item in missed]
    cautions += _slow_type_cautions(ceilings)
    cautions += check(ceilings, timings)
    return tuple(cautions)


def _spread_cautions(ceilings: Sequence[Ceiling]) -> list[Caution]:
    unsteady = [ceiling for ceiling in ceilings if ceiling.winner.spread > _LARGE_SPREAD]
    if not unsteady:
        return []
    spreads = [f"{_percent(ceiling.winner.spread)} ({FIGURES[ceiling.key].words_for_cpu})" for ceiling in unsteady]
    what = f"Times varied: the median call took longer than the best by {', '.join(spreads)}"
    return [Caution(f"{what}; something else may have used the machine", _AGAIN)]


def _slow_type_cautions(ceilings: Sequence[Ceiling]) -> list[Caution]:
    """Say which smaller types are slower than FP32, as on CPUs that have no instructions for them."""
    values = {ceiling.key: ceiling.value for ceiling in ceilings}
    cautions = []
    for name in _TYPES:
        value = values.get(f"{name}_tensor_flops_per_second")
        if value is not None and FP32 in values and value * _SLOWER < values[FP32]:
            slower = values[FP32] / value
            rate = format_figure(FP32, float(f"{value:.3g}"))
            cautions.append(
                Caution(
                    f"{name.upper()} is {f'{slower:.3g}' if slower < 100 else f'{slower:,.0f}'} times slower than FP32 "
                    f"here, {rate}: this machine has no fast instructions for it, or PyTorch does not use them",
                    "stay with FP32 on it",
                )
            )
    return cautions


def _way(timing: Timing) -> str:
    """Return what was called, how often, and how much the times varied."""
    calls = f"best of {timing.calls:,} runs" if timing.calls > 1 else "one run"
    return f"{timing.task.name}, {calls}, spread {_percent(timing.spread)}"


def _percent(fraction: float) -> str:
    return f"{fraction * 100:,.0f} %"
