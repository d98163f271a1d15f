"""What a word of memprof's reports means: the glossary and the columns of the page, for a terminal."""

from __future__ import annotations

from memprof.errors import OutputError, did_you_mean
from memprof.reports.page import columns
from memprof.reports.parts import typeset
from memprof.reports.report import glossary
from memprof.reports.report.glossary import Entry

_ELSEWHERE = {"issue": "Bound", "latency": "Bound", "ring": "Roofline", "bubble": "Roofline", "arrow": "Roofline"}
"""Words that the meaning of another one explains."""


def explain(word: str) -> tuple[Entry, ...]:
    """Return each entry that explains a word, and what it means on other devices; OutputError names what is known."""
    wanted = " ".join(word.casefold().split())
    entries = (*glossary.all_entries(), *columns.meanings())
    names = {part.strip().casefold() for name, _ in entries for part in name.split(",")}
    if wanted in _ELSEWHERE and wanted not in names:
        wanted = _ELSEWHERE[wanted].casefold()
    exact = [entry for entry in entries if wanted in (part.strip().casefold() for part in entry[0].split(","))]
    near = exact or [entry for entry in entries if wanted and wanted in entry[0].casefold()]
    if not near:
        known = sorted({*names, *_ELSEWHERE})
        raise OutputError(f"no word {word!r} is explained", did_you_mean(wanted, known))
    return tuple(dict.fromkeys(near))


def text(word: str, width: int, *, color: bool) -> str:
    """Return what a word means, in lines of at most `width` columns."""
    console = typeset.start(width, color=color)
    for place, (name, meaning) in enumerate(explain(word)):
        if place:
            console.print()
        typeset.line(console, name, typeset.STRONG)
        console.print(typeset.text(meaning))
    return typeset.finish(console)
