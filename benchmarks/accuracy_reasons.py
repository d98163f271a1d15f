"""Why memprof is furthest off where it is, as far as known: kept by hand, read by benchmarks/accuracy.py.

The first line that fits a case counts. Where none does, the page says that the reason is not known; nothing is guessed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

NOT_KNOWN = "not known"


@dataclass(frozen=True)
class Reason:
    """A reason for the models whose names `pattern` is found in, in one phase ("infer", "train") or in both ("")."""

    pattern: str
    text: str
    phase: str = ""


REASONS: tuple[Reason, ...] = ()


def reason(model: str, phase: str) -> str:
    """Return why the prediction for a model is off, as far as known."""
    for known in REASONS:
        if re.search(known.pattern, model) and known.phase in ("", phase):
            return known.text
    return NOT_KNOWN
