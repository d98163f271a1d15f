"""What the measuring processes are told and answer: one JSON object per line, over pipes. Imports no torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec


@dataclass(frozen=True, slots=True)
class Side:
    """Whose code a process runs: that of the checkout at `root`.

    `other` is the other side's checkout, from which nothing may be imported; "" where nothing could be.
    """

    root: str
    other: str = ""
    threads: int = 1


@dataclass(frozen=True, slots=True)
class Job:
    """What is measured: a model's step. `resolution` None is the model's own; `inputs` are given in place of images."""

    model: str
    phase: str
    batch_size: int
    resolution: int | None
    precision: str
    layout: str
    inputs: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.model}, {self.phase}, batch {self.batch_size}"


@dataclass(frozen=True, slots=True)
class Order:
    """Build `job`'s model at a new place in memory and warm it up; or, without a job, time `steps` of its steps."""

    job: Job | None = None
    steps: int = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of an order, or of the start: the seconds of each step; or the error, in one line.

    `resolution` is what the model was built for; `facts` say at the start how the process measures.
    """

    seconds: tuple[float, ...] = ()
    resolution: int = 0
    error: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)


_encode = msgspec.json.encode
_side = msgspec.json.Decoder(Side)
_order = msgspec.json.Decoder(Order)
_answer = msgspec.json.Decoder(Answer)
"""Made here, where they look up what the fields' types mean: a worker of memprof's own checkout forgets this module."""


def to_line(record: Side | Order | Answer) -> bytes:
    """Return a record as a line of JSON."""
    return _encode(record) + b"\n"


def to_side(line: bytes | str) -> Side:
    """Read a side."""
    return _side.decode(line)


def to_order(line: bytes) -> Order:
    """Read an order."""
    return _order.decode(line)


def to_answer(line: bytes) -> Answer:
    """Read an answer; ValueError where it is none."""
    return _answer.decode(line)
