"""The text writer of an explanation: what a terminal shows, in columns laid out with rich."""

from __future__ import annotations

from collections.abc import Sequence

from rich.bar import Bar
from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table as RichTable
from rich.text import Text

from memprof import units
from memprof.comparisons.contributions import Part
from memprof.comparisons.explanation import Explanation
from memprof.reports.explain import captions, tables
from memprof.reports.parts import typeset
from memprof.reports.parts.tables import Table
from memprof.reports.writer import RenderOptions
from memprof.whatif import savings
from memprof.whatif.savings import Losses

EXTENSION = "txt"
_MORE, _LESS = "red", "green"
_NARROW_NAME = 16
_BAR = 12
"""Columns of a bar, half of them to each side of zero."""


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
        _bars(console, tables.parts(explanation, title, shown, longest), shown)
    matrix = tables.matrix(explanation)
    if _width(matrix) <= console.width:
        typeset.section(console, "Kind by stage: difference in predicted ms a step")
        typeset.whole_table(console, matrix)
    console.print()
    console.print(typeset.text(tables.sign_note(explanation), typeset.FAINT))


def _bars(console: Console, table: Table, shown: Sequence[Part]) -> None:
    """Print a table of parts with a bar for each difference: to the right where the model takes longer."""
    grid = typeset.start_grid(table)
    room = console.width - _width(table) - 2
    length = min(24, max(0, room) // 2 * 2)
    if length >= _BAR:
        grid.add_column(typeset.text(f"{'less':>{length // 2}}{'':1}more"), no_wrap=True)
    largest = max((abs(part.difference_seconds) for part in shown), default=0.0)
    for index, row in enumerate(table.rows):
        cells: list[RenderableType] = [typeset.text(cell) for cell in row]
        if length >= _BAR and index < len(shown):
            cells.append(_bar(shown[index].difference_seconds, largest, length // 2))
        grid.add_row(*cells, end_section=index + 1 in table.sections)
    console.print(Padding(grid, (0, 0, 0, 1)))


def _bar(value: float, largest: float, half: int) -> Bar:
    """Draw a difference as a bar from the middle, of at most `half` columns, in eighths of one."""
    length = round(abs(value) / largest * half * 8) if largest else 0
    begin, end = (8 * half - length, 8 * half) if value < 0 else (8 * (half + 1), 8 * (half + 1) + length)
    width = -(-end // 8)
    return Bar(8 * width, begin, end, width=width, color=_LESS if value < 0 else _MORE)


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
