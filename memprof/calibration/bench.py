"""What calibration needs to know of a machine, and how it is measured: one record, made for a CPU or for a GPU."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from memprof.calibration.caches import Caches
from memprof.calibration.records import Caution, Group
from memprof.devices import Figure
from memprof.profiles.run.timer import Timer


@dataclass(frozen=True, slots=True)
class Bench:
    """A machine ready to be measured.

    `name` is that of the device it becomes, `title` what the system calls it. `figures` are what the system tells by
    itself, such as the sizes of caches. `measured_by` goes into the source of what is measured: torch and its threads.
    """

    name: str
    title: str
    architecture: str
    compute_capability: str | None
    caches: Caches
    figures: Mapping[str, Figure]
    groups: tuple[Group, ...]
    timer: Timer
    measured_by: str
    notes: tuple[str, ...] = ()
    cautions: tuple[Caution, ...] = ()
