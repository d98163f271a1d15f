"""What validation works on: measurements, predictions, and the two side by side."""

from __future__ import annotations

from dataclasses import dataclass

from memprof.devices.hosts import DEFAULT_HOST
from memprof.validation.tables import Row, Table


@dataclass(frozen=True, slots=True)
class Measurement:
    """A measured throughput, checked.

    `device` is the catalogue's name (or a device file's path), `model` what memprof builds. With more than one of
    `layouts` the better one was published. `source` and `stack` say who measured, with which versions; `host` is what
    launched the kernels.
    """

    source: str
    device: str
    stack: str
    precision: str
    layouts: tuple[str, ...]
    batch_size: int
    resolution: int
    phase: str
    model: str
    images_per_second: float
    host: str = DEFAULT_HOST


@dataclass(frozen=True, slots=True)
class Entry:
    """A row of a file, and the measurement it holds; where it holds none that can be predicted, `reason` says why."""

    row: Row
    measurement: Measurement | None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Prediction:
    """What memprof predicts for a workload on a device.

    `roofline_images_per_second` is the most that the ceilings allow; `bound` sets most of the predicted time.
    """

    images_per_second: float
    roofline_images_per_second: float
    bound: str
    layout: str


@dataclass(frozen=True, slots=True)
class Case:
    """A row of a file with what is predicted for it. `skipped_because` is "" where there is a prediction.

    `source`, `device`, `phase`, `stack`, `layout` and `model` are the row's, also where it is skipped: canonical where
    they could be read, else as they are written.
    """

    row: Row
    source: str
    device: str
    stack: str
    layout: str
    phase: str
    model: str
    measurement: Measurement | None = None
    prediction: Prediction | None = None
    skipped_because: str = ""

    @property
    def ratio(self) -> float | None:
        """Return predicted over measured throughput: above 1 where memprof thinks the device faster than it was."""
        if self.prediction is None or self.measurement is None:
            return None
        return self.prediction.images_per_second / self.measurement.images_per_second


@dataclass(frozen=True, slots=True)
class Validation:
    """A file's cases in the file's order, with the table they come from; `notes` is what to know about reading it."""

    table: Table
    cases: tuple[Case, ...]
    notes: tuple[str, ...] = ()

    @property
    def predicted(self) -> tuple[Case, ...]:
        """Return the cases that have a prediction."""
        return tuple(case for case in self.cases if case.ratio is not None)

    @property
    def skipped(self) -> tuple[Case, ...]:
        """Return the cases that have none."""
        return tuple(case for case in self.cases if case.ratio is None)
