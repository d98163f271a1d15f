"""Writers of `memprof gate history`: how accepted figures changed over commits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from memprof.gate.history import Accepted
from memprof.reports.history.tables import Metric
from memprof.reports.writer import Writers


@dataclass(frozen=True, slots=True)
class History:
    """What was accepted, commit after commit, and which figure of it to show."""

    accepted: Sequence[Accepted]
    metric: Metric


WRITERS: Writers[History] = Writers(__name__, "memprof gate history")
