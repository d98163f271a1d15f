"""Lays an explanation out in columns, with rich; plain text where colour is not wanted."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.padding import Padding
from rich.table import Table as RichTable
from rich.text import Text

from memprof import units
from memprof.comparisons.contributions import Part
from memprof.comparisons.explanation import Explanation
from memprof.reports.explain import captions, tables
from memprof.reports.parts import typeset
from memprof.reports.parts.tables import Table
from memprof.whatif import savings
from memprof.whatif.savings import Losses

_MORE, _LESS = "red", "green"
_BLOCKS = " ▏▎▍▌▋▊▉█"
_NARROW_NAME = 16
_BAR = 12
"""Columns of a bar, half of them to each side of zero."""


def render(found: Explanation | Losses, *, width: int, color: bool) -> str:
    """Return the text for a terminal of `width` columns."""
    console = typeset.start(width, color=color)
    console.print(typeset.text(captions.heading(found), typeset.STRONG))
    console.print(typeset.text(captions.workload(found), typeset.FAINT))
    if isinstance(found, Losses):
        _losses(console, found)
    else:
        _difference(console, found)
    return typeset.printed(console)


def _difference(console: Console, found: Explanation) -> None:
    typeset.section(console, "Why")
    typeset.sentences(console, found.sentences, typeset.STRONG)
    for title, shown in (("Kind", found.difference.kinds), ("Stage", found.difference.stages)):
        typeset.section(console, f"By {title.lower()}{' of operator' if title == 'Kind' else ''}: predicted ms a step")
        longest = _NARROW_NAME if console.width < 110 else 40
        _bars(console, tables.parts(found, title, shown, longest), shown)
    matrix = tables.matrix(found)
    if _width(matrix) <= console.width:
        typeset.section(console, "Kind by stage: difference in predicted ms a step")
        typeset.whole(console, matrix)
    console.print()
    console.print(typeset.text(tables.sign_note(found), typeset.FAINT))


def _bars(console: Console, table: Table, shown: Sequence[Part]) -> None:
    """Print a table of parts with a bar for each difference: to the right where the model takes longer."""
    grid = typeset.columns_of(table)
    room = console.width - _width(table) - 2
    length = min(24, max(0, room) // 2 * 2)
    if length >= _BAR:
        grid.add_column(typeset.text(f"{'less':>{length // 2}}{'':1}more"), no_wrap=True)
    largest = max((abs(part.difference_seconds) for part in shown), default=0.0)
    for index, row in enumerate(table.rows):
        cells = [typeset.text(cell) for cell in row]
        if length >= _BAR and index < len(shown):
            cells.append(_bar(shown[index].difference_seconds, largest, length // 2))
        grid.add_row(*cells, end_section=index + 1 in table.sections)
    console.print(Padding(grid, (0, 0, 0, 1)))


def _bar(value: float, largest: float, half: int) -> Text:
    """Draw a difference as a bar from the middle, of at most `half` columns."""
    eighths = round(abs(value) / largest * half * 8) if largest else 0
    full, rest = divmod(eighths, 8)
    if value < 0:  # there are no blocks that fill from the right, so whole ones only
        return Text(f"{'█' * round(eighths / 8):>{half}}", style=_LESS)
    return Text.assemble(" " * (half + 1), ("█" * full + (_BLOCKS[rest] if rest else ""), _MORE))


def _losses(console: Console, found: Losses) -> None:
    console.print()
    typeset.sentences(console, found.sentences, typeset.STRONG)
    table = tables.spent(found)
    typeset.section(console, table.title)
    typeset.whole(console, table)
    typeset.section(console, "What would save time (predicted)")
    grid = RichTable.grid(padding=(0, 2))
    for justify in ("right", "right", "left"):
        grid.add_column(justify=justify, no_wrap=justify == "right")
    for loss in found.losses:
        saved = f"{tables.MINUS}{units.milliseconds(loss.saved_seconds)} ms"
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


def _width(table: Table) -> int:
    """Return the columns that a table takes up."""
    cells = [[column.header, *(row[index] for row in table.rows)] for index, column in enumerate(table.columns)]
    return 1 + sum(max(map(len, column)) + 2 for column in cells)
