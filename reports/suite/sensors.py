"""What sensors said while something was timed, as the last columns of the suite's files."""

from __future__ import annotations

from memprof.report.run import Telemetry

COLUMNS = ("sm_clock_mhz", "memory_clock_mhz", "power_watts", "temperature_celsius", "throttled")
"""Validation does not read them: they tell a reader under which clocks a time was measured."""


def cells(telemetry: Telemetry | None) -> list[object]:
    """Return a cell for each of COLUMNS: means; None where there is no such sensor."""
    if telemetry is None:
        return [None] * len(COLUMNS)
    clocks = [
        None if reading is None else round(reading.mean / 1e6, 1)
        for reading in (telemetry.sm_clock_hz, telemetry.memory_clock_hz)
    ]
    others = [
        None if reading is None else round(reading.mean, 1)
        for reading in (telemetry.power_watts, telemetry.temperature_celsius)
    ]
    return [*clocks, *others, int(telemetry.throttled)]
