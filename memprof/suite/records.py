"""What a suite measured: kernels and networks with their times, on what machine; and what it did not."""

from __future__ import annotations

from dataclasses import dataclass

from memprof.report.json_text import indented_json
from memprof.report.run import Telemetry
from memprof.suite.kernels import Kernel

SCHEMA = "memprof.suite/1"


@dataclass(frozen=True, slots=True)
class Timed:
    """Seconds of one call or step: the median of `count`, and its 95 % confidence interval."""

    median: float
    low: float
    high: float
    count: int


@dataclass(frozen=True, slots=True)
class KernelTime:
    """A kernel's time; `telemetry` is what sensors said meanwhile, None without any."""

    kernel: Kernel
    seconds: Timed
    telemetry: Telemetry | None = None


@dataclass(frozen=True, slots=True)
class Network:
    """A network to time."""

    model: str
    precision: str
    phase: str
    layout: str
    batch_size: int
    resolution: int


@dataclass(frozen=True, slots=True)
class NetworkTime:
    """A network's time of a step."""

    network: Network
    seconds: Timed
    telemetry: Telemetry | None = None

    @property
    def images_per_second(self) -> float:
        """Return the throughput at the median."""
        return self.network.batch_size / self.seconds.median


@dataclass(frozen=True, slots=True)
class Unmeasured:
    """What was not measured, and why."""

    what: str
    reason: str


@dataclass(frozen=True, slots=True)
class Suite:
    """All of a suite's run.

    `device` is what the files call it: the catalogue's name, "host" for a processor, else what the system calls it,
    `device_title`. `others` is how many cores other programs kept busy, None where that is not known.
    """

    schema: str
    memprof: str
    device: str
    device_title: str
    stack: str
    environment: dict[str, str]
    minutes: float
    others: float | None
    kernels: tuple[KernelTime, ...]
    networks: tuple[NetworkTime, ...]
    unmeasured: tuple[Unmeasured, ...]

    def to_json(self) -> str:
        """Return the record as indented JSON text, ending in a newline."""
        return indented_json(self).decode()
