"""Writers of `memprof gate check`: terminal text, and what CI systems show where people look."""

from __future__ import annotations

from typing import TYPE_CHECKING

from memprof.reports.writer import Writers

if TYPE_CHECKING:
    from memprof.gate.records import GateResult
    from memprof.reports.gate.check import Check


def _with_sources(document: GateResult | Check) -> Check:
    from memprof.reports.gate.check import Check  # as late as a writer: the command lists formats in its help

    return document if isinstance(document, Check) else Check(document)


WRITERS: Writers[GateResult | Check] = Writers(__name__, "memprof gate check", prepare=_with_sources)
