"""The roofline's arithmetic, on arrays: one operator, a report and a large sweep go through the same functions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from memprof.report.record import DeviceCeilings
from memprof.vocabulary import ENGINES, MEMORY_LEVELS

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Bounds:
    """Seconds that each ceiling asks for, and which one asks for most.

    `seconds` has shape (ceilings, n), its rows named by `names`; `least` (n,) is the largest of each column: no
    execution is faster. `binding` (n,) indexes `names`.
    """

    names: tuple[str, ...]
    seconds: Floats
    least: Floats
    binding: NDArray[np.intp]

    def of(self, name: str) -> Floats:
        """Return the seconds (n,) that the ceiling `name` asks for; zeros where the device has none."""
        if name not in self.names:
            return np.zeros_like(self.least)
        seconds: Floats = self.seconds[self.names.index(name)]
        return seconds

    def bound(self, index: int) -> str:
        """Return the name of the ceiling that binds item `index`."""
        return self.names[int(self.binding[index])]


def bound_seconds(traffic: Mapping[str, ArrayLike], flops: Mapping[str, ArrayLike], device: DeviceCeilings) -> Bounds:
    """Hold bytes per memory level and FLOPs per engine, each of shape (n,), against a device's ceilings.

    Overlap is taken as perfect: the time is the longest of the ceilings' times, never their sum (Williams, Waterman
    and Patterson, "Roofline", CACM 2009; one roof for each memory level: Ilic et al. 2014, Yang et al. 2020). A
    ceiling the device has no figure for bounds nothing.
    """
    demands = [
        (name, traffic[name], device.memory_bytes_per_second[name])
        for name in MEMORY_LEVELS
        if name in traffic and name in device.memory_bytes_per_second
    ]
    demands += [
        (name, flops[name], device.peak_flops_per_second[name])
        for name in ENGINES
        if name in flops and name in device.peak_flops_per_second
    ]
    names = tuple(name for name, _, _ in demands)
    seconds = np.stack([np.asarray(amount, dtype=np.float64) / rate for _, amount, rate in demands])
    return Bounds(names, seconds, seconds.max(axis=0), seconds.argmax(axis=0))


def attainable_flops_per_second(
    intensity: ArrayLike, bandwidth_bytes_per_second: float, peak_flops_per_second: float
) -> Floats:
    """Return the roof over `intensity` (FLOP per byte): bandwidth x intensity, at most the peak."""
    return np.minimum(np.asarray(intensity, dtype=np.float64) * bandwidth_bytes_per_second, peak_flops_per_second)


def ridge_point(bandwidth_bytes_per_second: float, peak_flops_per_second: float) -> float:
    """Return the intensity, FLOP per byte, above which the peak binds and below which the bandwidth does."""
    return peak_flops_per_second / bandwidth_bytes_per_second
