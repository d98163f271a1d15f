"""Writers of a paper's reproduction: its tables and its figure, computed beside what was published."""

from __future__ import annotations

from typing import TYPE_CHECKING

from memprof.reports.writer import Writers

if TYPE_CHECKING:
    from memprof.papers.reproduction import Reproduction

WRITERS: Writers[Reproduction] = Writers(__name__, "memprof reproduce")
