"""Writers of a frontier: published accuracy against predicted throughput."""

from __future__ import annotations

from typing import TYPE_CHECKING

from memprof.reports.writer import Writers

if TYPE_CHECKING:
    from memprof.frontier.records import Frontier

WRITERS: Writers[Frontier] = Writers(__name__, "memprof pareto")
