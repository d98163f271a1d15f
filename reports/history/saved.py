"""Reads a history from the JSON that was written of it."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from memprof.gate.history import Accepted
from memprof.reports.history import History
from memprof.reports.history.tables import find_metric


@dataclass(frozen=True, slots=True)
class _File:
    metric: str
    accepted: tuple[Accepted, ...]


def read(content: bytes) -> History:
    """Return the history; msgspec.DecodeError where that is none, GateError of a figure that no history shows."""
    file = msgspec.json.decode(content, type=_File)
    return History(file.accepted, find_metric(file.metric))
