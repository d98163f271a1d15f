"""What a device's sensors say while steps are timed, read in the background."""

from __future__ import annotations

import statistics
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import TracebackType
from typing import Protocol, Self

from memprof.report.run import Reading, Telemetry

EVERY_SECONDS = 0.05


class Throttle(StrEnum):
    """Why a device runs at less than its highest clock, as NVML tells."""

    APPLICATION_CLOCKS = "clocks set by the user"
    POWER_CAP = "power limit"
    HARDWARE = "hardware slowdown"
    SYNC_BOOST = "clocks held in step with other GPUs"
    THERMAL = "too hot, slowed by the driver"
    HARDWARE_THERMAL = "too hot, slowed by the hardware"
    POWER_BRAKE = "power brake from outside"
    DISPLAY_CLOCKS = "clocks set for a display"


SLOWING = frozenset(
    {
        Throttle.POWER_CAP,
        Throttle.HARDWARE,
        Throttle.THERMAL,
        Throttle.HARDWARE_THERMAL,
        Throttle.POWER_BRAKE,
    }
)
"""Reasons for which a device is slower than it could be; the others are somebody's choice of clocks."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One look at the sensors; None is what the device refused to tell. Clocks in Hz."""

    sm_clock_hz: float | None = None
    memory_clock_hz: float | None = None
    power_watts: float | None = None
    temperature_celsius: float | None = None
    memory_used_bytes: float | None = None
    throttle: frozenset[Throttle] | None = None


class Sensors(Protocol):
    """The sensors of a device."""

    def sample(self) -> Sample:
        """Look at all of them."""
        ...

    def energy_joules(self) -> float | None:
        """Return the energy that the device has used since some moment in the past; None where it does not count it."""
        ...


class Sampler:
    """While entered, a thread reads `sensors` every `every_seconds`; it ends with the block, however that ends.

    `samples` is what it has read; at least one where the block ended well.
    """

    def __init__(self, sensors: Sensors, every_seconds: float = EVERY_SECONDS) -> None:
        self.samples: list[Sample] = []
        self._sensors = sensors
        self._every_seconds = every_seconds
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="memprof telemetry", daemon=True)
        self._energy: list[float | None] = []

    def __enter__(self) -> Self:
        self._energy.append(self._sensors.energy_joules())
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()
        if error is None:
            self._energy.append(self._sensors.energy_joules())
            if not self.samples:
                self.samples.append(self._sensors.sample())

    def _run(self) -> None:
        while not self._over.wait(self._every_seconds):
            self.samples.append(self._sensors.sample())

    def telemetry(self, images: int) -> Telemetry:
        """Sum up what was read while `images` images went through the device."""
        before, after = self._energy
        joules = after - before if before is not None and after is not None else None
        return summary(self.samples, joules, images)


_READINGS = {
    "sm_clock_hz": "SM clock",
    "memory_clock_hz": "memory clock",
    "power_watts": "power",
    "temperature_celsius": "temperature",
    "memory_used_bytes": "memory in use",
}


def summary(samples: Sequence[Sample], joules: float | None, images: int) -> Telemetry:
    """Sum up samples, and `joules` used for `images` images; None where the device does not count energy."""
    readings = {field: _reading([getattr(sample, field) for sample in samples]) for field in _READINGS}
    told = [sample.throttle for sample in samples if sample.throttle is not None]
    reasons = frozenset[Throttle]().union(*told)
    missing = [words for field, words in _READINGS.items() if readings[field] is None]
    missing += [words for words, absent in (("energy", joules is None), ("throttle reasons", not told)) if absent]
    return Telemetry(
        samples=len(samples),
        **readings,
        energy_joules_per_image=None if joules is None else joules / images,
        throttle_reasons=tuple(str(reason) for reason in Throttle if reason in reasons),
        throttled=bool(reasons & SLOWING),
        missing=tuple(missing),
    )


def _reading(values: Sequence[float | None]) -> Reading | None:
    known = [value for value in values if value is not None]
    return Reading(min(known), statistics.fmean(known), max(known)) if known else None
