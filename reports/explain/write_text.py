"""The text writer of an explanation: what a terminal shows, in columns laid out with rich."""

from __future__ import annotations

from rich.console import Console
from rich.padding import Padding
from rich.table import Table as RichTable
from rich.text import Text

from memprof import units
from memprof.comparisons.explanation import Explanation
from memprof.reports.explain import captions, tables
from memprof.reports.parts import typeset
from memprof.reports.parts.difference_bars import print_bars, width_of
from memprof.reports.parts.signed import MINUS
from memprof.reports.writer import RenderOptions
from memprof.whatif import savings
from memprof.whatif.savings import Losses

EXTENSION = "txt"
_NARROW_NAME = 16


def render(explained: Explanation | Losses, options: RenderOptions) -> bytes:
    """Return the text in UTF-8."""
    console = typeset.start(options.width, color=options.color)
    console.print(typeset.text(captions.heading(explained), typeset.STRONG))
    console.print(typeset.text(captions.workload(explained), typeset.FAINT))
    if isinstance(explained, Losses):
        _losses(console, explained)
    else:
        _difference(console, explained)
    return typeset.finish(console).encode()


def _difference(console: Console, explanation: Explanation) -> None:
    typeset.section(console, "Why")
    typeset.sentences(console, explanation.sentences, typeset.STRONG)
    for title, shown in (("Kind", explanation.difference.kinds), ("Stage", explanation.difference.stages)):
        typeset.section(console, f"By {title.lower()}{' of operator' if title == 'Kind' else ''}: predicted ms a step")
        longest = _NARROW_NAME if console.width < 110 else 40
        print_bars(
            console, tables.parts(explanation, title, shown, longest), [part.difference_seconds for part in shown]
        )
    matrix = tables.matrix(explanation)
    if width_of(matrix) <= console.width:
        typeset.section(console, "Kind by stage: difference in predicted ms a step")
        typeset.whole_table(console, matrix)
    console.print()
    console.print(typeset.text(tables.sign_note(explanation), typeset.FAINT))


def _losses(console: Console, losses: Losses) -> None:
    console.print()
    typeset.sentences(console, losses.sentences, typeset.STRONG)
    table = tables.spent(losses)
    typeset.section(console, table.title)
    typeset.whole_table(console, table)
    typeset.section(console, "What would save time (predicted)")
    grid = RichTable.grid(padding=(0, 2))
    for justify in ("right", "right", "left"):
        grid.add_column(justify=justify, no_wrap=justify == "right")
    for loss in losses.losses:
        saved = f"{MINUS}{units.milliseconds(loss.saved_seconds)} ms"
        how = " (analysed again)" if loss.analysed else ""
        change = Text.assemble(
            typeset.text(loss.what),
            (f": {units.seconds(loss.seconds)} now\n", typeset.FAINT),
            typeset.text(f"→ {loss.change}"),
            (how, typeset.FAINT),
        )
        share = typeset.text(units.share(loss.saved_share), typeset.FAINT)
        grid.add_row(typeset.text(saved, typeset.STRONG), share, change)
    console.print(Padding(grid, (0, 0, 0, 2)))
    console.print()
    console.print(typeset.text(savings.NOT_ADDITIVE, typeset.FAINT))
