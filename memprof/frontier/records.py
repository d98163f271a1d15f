"""The record of a frontier: networks with their published accuracy and predicted throughput on devices."""

from __future__ import annotations

from dataclasses import dataclass

from memprof.report.json_text import indented_json

SCHEMA = "memprof.frontier/1"
IN1K, MORE = "in1k", "more"
"""What weights were trained on: ImageNet-1K alone, or more than that."""


@dataclass(frozen=True, slots=True)
class Accuracy:
    """A published ImageNet top-1 in percent, at the test's resolution; `weights` says of which, `source` by whom."""

    model: str
    resolution: int
    top1: float
    trained_on: str
    weights: str
    source: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """A network on one device. `fits` is None where the device's memory is not known; what does not fit is on no front.

    `on_front`: no other has at least its accuracy and its throughput. `near_front`: it would be, were it faster by its
    prediction's own error.
    """

    accuracy: Accuracy
    images_per_second: float
    layout: str
    relative_error: float | None
    fits: bool | None
    on_front: bool
    near_front: bool

    @property
    def span(self) -> tuple[float, float]:
        """Return the throughputs that the prediction's own error reaches from and to."""
        error = self.relative_error or 0.0
        return self.images_per_second / (1 + error), self.images_per_second * (1 + error)


@dataclass(frozen=True, slots=True)
class DeviceFront:
    """The networks on one device, fastest first."""

    device_name: str
    device_title: str
    precision: str
    candidates: tuple[Candidate, ...]

    @property
    def front(self) -> tuple[Candidate, ...]:
        """Return the networks on the front, fastest first."""
        return tuple(item for item in self.candidates if item.on_front)


@dataclass(frozen=True, slots=True)
class Missing:
    """A network without a prediction, and why."""

    model: str
    reason: str


@dataclass(frozen=True, slots=True)
class Frontier:
    """Devices with their fronts, and how the front moves between them in sentences; `sources` of accuracies by name."""

    schema: str
    phase: str
    batch_size: int
    layout: str
    stack: str
    host: str
    trained_on: str
    sources: tuple[tuple[str, str], ...]
    devices: tuple[DeviceFront, ...]
    missing: tuple[Missing, ...]
    sentences: tuple[str, ...]

    def to_json(self) -> str:
        """Return the record as indented JSON text, ending in a newline."""
        return indented_json(self).decode()
