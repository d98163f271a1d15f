"""Writers of `memprof gate check`: terminal text, and what CI systems show where people look."""

from __future__ import annotations

from dataclasses import dataclass, field

from memprof.gate.records import GateResult
from memprof.reports.gate.lines import Sources
from memprof.reports.writer import Writers


@dataclass(frozen=True, slots=True)
class Check:
    """A result with the files that it was made with, so that annotations can name lines of these.

    Without them an annotation is on the line on which memprof's section of the configuration begins.
    """

    result: GateResult
    sources: Sources = field(default_factory=Sources)


def _checked(document: GateResult | Check) -> Check:
    return document if isinstance(document, Check) else Check(document)


WRITERS: Writers[GateResult | Check] = Writers(__name__, "memprof gate check", prepare=_checked)
