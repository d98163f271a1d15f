"""What a paper published: tables of networks with their size and throughput, and what it concludes from them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """How throughputs were measured; `words` for readers. `resolution` "" is each row's own, `layout` "" the faster.

    `note` is what was not published about it.
    """

    name: str
    words: str
    device: str
    precision: str
    stack: str
    batch_size: int
    resolution: str = ""
    layout: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Rate:
    """A published throughput: under which condition, in which phase."""

    condition: str
    phase: str
    images_per_second: float


@dataclass(frozen=True, slots=True)
class Row:
    """A network in a table. `model` is what memprof builds, "" where it cannot; `resolution` as "224" or "512x2048".

    `accuracy` is in percent. What was not published is None.
    """

    label: str
    model: str
    resolution: str
    parameters: float | None
    macs_per_image: float | None
    rates: tuple[Rate, ...]
    accuracy: float | None

    def rate(self, condition: str, phase: str) -> float | None:
        """Return a published throughput in images/s, None where none is."""
        return next(
            (item.images_per_second for item in self.rates if (item.condition, item.phase) == (condition, phase)), None
        )


@dataclass(frozen=True, slots=True)
class PaperTable:
    """A table: `number` is the paper's ("Table 4"), `quality` what its accuracies are."""

    name: str
    number: str
    title: str
    quality: str = "top-1"
    note: str = ""
    rows: tuple[Row, ...] = ()


@dataclass(frozen=True, slots=True)
class Claim:
    """A conclusion of the paper: one row of a table is faster than another."""

    text: str
    table: str
    faster: str
    slower: str
    condition: str
    phase: str


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Something of the paper that is not computed, and why."""

    what: str
    reason: str


@dataclass(frozen=True, slots=True)
class Paper:
    """A paper: where it is found, where its figures were taken from, and all it published that can be computed."""

    name: str
    title: str
    reference: str
    source: str
    figure: str
    figure_condition: str
    figure_tables: tuple[str, ...]
    conditions: tuple[Condition, ...]
    tables: tuple[PaperTable, ...]
    claims: tuple[Claim, ...]
    left_out: tuple[LeftOut, ...]

    def condition(self, name: str) -> Condition:
        """Return a condition by its name."""
        return next(item for item in self.conditions if item.name == name)
