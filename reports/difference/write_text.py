"""The text writer of a difference between traces: what a terminal shows."""

from __future__ import annotations

from memprof.comparisons.changes import TraceDifference
from memprof.reports.difference import tables
from memprof.reports.parts import typeset
from memprof.reports.parts.difference_bars import print_bars
from memprof.reports.writer import RenderOptions

EXTENSION = "txt"
_NARROW, _NARROW_NAME, _WIDE_NAME = 110, 26, 44


def render(difference: TraceDifference, options: RenderOptions) -> bytes:
    """Return the text in UTF-8: sentences, and tables of the `options.top` largest changes with bars."""
    console = typeset.start(options.width, color=options.color)
    console.print(typeset.text(tables.title(difference), typeset.STRONG))
    for origin in tables.origins(difference):
        console.print(typeset.text(origin, typeset.FAINT))
    typeset.section(console, "What changed")
    typeset.sentences(console, difference.sentences, typeset.STRONG)
    longest = _NARROW_NAME if console.width < _NARROW else _WIDE_NAME
    for name, changes in tables.sorts(difference):
        typeset.section(console, f"By {name.lower()}: measured ms a step")
        table = tables.changes(difference, name, changes, options.top, longest)
        print_bars(console, table, [item.difference_seconds for item in tables.shown(changes, options.top)])
    console.print()
    console.print(typeset.text(tables.sign_note(difference), typeset.FAINT))
    return typeset.finish(console).encode()
