"""Many models on many devices as one record: what an index of their pages needs, and which pages are there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from memprof.models.registry import ENTRIES
from memprof.models.spec import parse
from memprof.report.digest import digest
from memprof.report.json_text import indented_json
from memprof.report.record import Report
from memprof.vocabulary import Kind
from memprof.whatif.story import Story

SCHEMA = "memprof.gallery/1"


@dataclass(frozen=True, slots=True)
class Exhibit:
    """A step of a model on a device, predicted, and the file of its page beside the index.

    `bound` sets most of the time; `depthwise_share` is what depthwise convolutions take of it, a fraction.
    """

    model: str
    family: str
    device_name: str
    device_title: str
    device_family: str
    phase: str
    precision: str
    parameters: int
    macs_per_image: float
    seconds: float
    roofline_seconds: float
    images_per_second: float
    relative_error: float | None
    bound: str
    depthwise_share: float
    file: str

    @property
    def place(self) -> tuple[str, str, str]:
        """Return what tells it from others of its gallery: model, device, phase."""
        return self.model, self.device_name, self.phase


@dataclass(frozen=True, slots=True)
class Gallery:
    """Exhibits in the order in which they are asked for, all under the same `settings`, by their names.

    `story` tells of the depthwise convolution; None while it is not written yet.
    """

    schema: str
    settings: Mapping[str, str]
    exhibits: tuple[Exhibit, ...]
    story: Story | None = None

    def to_json(self) -> str:
        """Return the record as indented JSON text, ending in a newline."""
        return indented_json(self).decode()

    def devices(self) -> tuple[str, ...]:
        """Return the devices by their names, in order."""
        return tuple(dict.fromkeys(item.device_name for item in self.exhibits))

    def phases(self) -> tuple[str, ...]:
        """Return the phases, in order."""
        return tuple(dict.fromkeys(item.phase for item in self.exhibits))


def exhibit(report: Report, model: str, file: str) -> Exhibit:
    """Return what an index says of a report of `model`."""
    read = digest(report)
    totals, work = report.totals, report.workload
    bound = max(read.bounds, key=lambda group: group.time_share).name if read.bounds else ""
    return Exhibit(
        model=model,
        family=family(model),
        device_name=report.device.name,
        device_title=report.device.title,
        device_family=report.device.family,
        phase=work.phase,
        precision=work.precision,
        parameters=totals.parameters,
        macs_per_image=totals.macs_per_image,
        seconds=totals.seconds,
        roofline_seconds=totals.roofline_seconds,
        images_per_second=totals.images_per_second,
        relative_error=totals.relative_error,
        bound=bound,
        depthwise_share=sum((kind.time_share for kind in read.kinds if kind.name == Kind.DEPTHWISE), 0.0),
        file=file,
    )


def family(model: str) -> str:
    """Return the family of a model of the zoo, as people write it; "other" for anything else."""
    entry = ENTRIES.get(parse(model).name)
    return entry.family.title if entry else "other"


def add(gallery: Gallery, exhibits: Sequence[Exhibit]) -> Gallery:
    """Return the gallery with more exhibits, models and devices together, in the order in which they came."""
    every = {item.place: item for item in (*gallery.exhibits, *exhibits)}
    orders = [list(dict.fromkeys(place[of] for place in every)) for of in range(3)]
    kept = sorted(
        every.values(), key=lambda item: [order.index(name) for order, name in zip(orders, item.place, strict=True)]
    )
    return replace(gallery, exhibits=tuple(kept))
