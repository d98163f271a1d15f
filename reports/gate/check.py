"""What the gate's writers are given: a result with the files that it was made with."""

from __future__ import annotations

from dataclasses import dataclass, field

from memprof.gate.records import GateResult
from memprof.reports.gate.lines import Sources


@dataclass(frozen=True, slots=True)
class Check:
    """A result with the files that it was made with, so that annotations can name lines of these.

    Without them an annotation is on the line on which memprof's section of the configuration begins.
    """

    result: GateResult
    sources: Sources = field(default_factory=Sources)
