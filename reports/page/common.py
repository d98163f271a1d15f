"""What pages of several documents say: what figures hold for, words, cells that many tables have."""

from __future__ import annotations

from collections.abc import Iterable

from memprof import units
from memprof.reports.page import colors
from memprof.reports.page.document import Cell, Column
from memprof.reports.page.first import Figure
from memprof.reports.parts.cells import bound_note
from memprof.reports.parts.tables import Fact
from memprof.tensors.stack import rules
from memprof.vocabulary import TODAYS_STACK

PREDICTED = ("Predicted", "What memprof's time model says PyTorch would take: no measurement.")
BOUND = Column("bound by", "What sets most of the predicted time.", number=False, main=False)
ABSENT = "–"


def assumed(pairs: Iterable[tuple[str, str, str]]) -> tuple[Fact, ...]:
    """Return what figures hold for, of (name, value, remark), without those that have no value."""
    return tuple(Fact(name, value, remark) for name, value, remark in pairs if value)


def run_facts(device: str, host: str, stack: str) -> tuple[tuple[str, str, str], ...]:
    """Return what every prediction assumes: device, software, host."""
    return (
        ("Device", device, "its ceilings are datasheet figures; `memprof devices show` has their sources"),
        ("Stack", stack or TODAYS_STACK, rules(stack) or "what the step runs on"),
        ("Host", f"host {host}" if host else "", "launches the kernels"),
    )


def words(families: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Return what the words of predictions mean, on devices of these families."""
    _, _, bounds = bound_note(families).partition(": ")
    return (PREDICTED, ("Bound by", bounds))


def milliseconds(seconds: float | None, share: float | None = None, color: str = "") -> Cell:
    """Return a time for a column in ms."""
    return Cell(ABSENT) if seconds is None else Cell(units.milliseconds(seconds), seconds, share, color)


def part(share: float, color: str = "") -> Cell:
    """Return a fraction with its bar."""
    return Cell(units.share(share), share, min(1.0, max(0.0, share)), color or "of-flops")


def ratio(value: float | None) -> Cell:
    """Return a ratio: "1.62x"."""
    return Cell(ABSENT) if value is None else Cell(f"{value:.2f}x", value)


def change_class(seconds: float) -> str:
    """Return the class of the colour of a difference."""
    return colors.MORE if seconds > 0 else colors.LESS


def figures(*some: Figure | None) -> tuple[Figure, ...]:
    """Return at most three figures, without those that are not known."""
    return tuple(figure for figure in some if figure)[:3]
