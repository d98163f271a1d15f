"""Lays an explanation out in columns, with rich; plain text where colour is not wanted."""

from __future__ import annotations

import io
from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.padding import Padding
from rich.table import Table as RichTable
from rich.text import Text

from memprof import losses, units
from memprof.contributions import Part
from memprof.explanation import Explanation
from memprof.losses import Losses
from memprof.reports import explain_captions, explain_tables
from memprof.reports.tables import Table

_HEADING, _FAINT, _STRONG, _MORE, _LESS = "bold cyan", "dim", "bold", "red", "green"
_BLOCKS = " ▏▎▍▌▋▊▉█"
_LEAST_WIDTH, _NARROW_NAME = 60, 16
_BAR = 12
"""Columns of a bar, half of them to each side of zero."""


def render(found: Explanation | Losses, *, width: int, color: bool) -> str:
    """Return the text for a terminal of `width` columns."""
    console = Console(
        file=io.StringIO(), width=max(_LEAST_WIDTH, width), force_terminal=color, legacy_windows=False, markup=False,
        color_system="standard" if color else None, emoji=False, highlight=False,
    )  # fmt: skip
    console.print(_text(explain_captions.heading(found), _STRONG))
    console.print(_text(explain_captions.workload(found), _FAINT))
    if isinstance(found, Losses):
        _losses(console, found)
    else:
        _difference(console, found)
    assert isinstance(console.file, io.StringIO)
    return "".join(f"{line.rstrip()}\n" for line in console.file.getvalue().splitlines())


def _difference(console: Console, found: Explanation) -> None:
    _section(console, "Why")
    _sentences(console, found.sentences)
    for title, shown in (("Kind", found.difference.kinds), ("Stage", found.difference.stages)):
        _section(console, f"By {title.lower()}{' of operator' if title == 'Kind' else ''}: predicted ms a step")
        longest = _NARROW_NAME if console.width < 110 else 40
        _bars(console, explain_tables.parts(found, title, shown, longest), shown)
    matrix = explain_tables.matrix(found)
    if _width(matrix) <= console.width:
        _section(console, "Kind by stage: difference in predicted ms a step")
        _table(console, matrix)
    console.print()
    console.print(_text(explain_tables.sign_note(found), _FAINT))


def _bars(console: Console, table: Table, shown: Sequence[Part]) -> None:
    """Print a table of parts with a bar for each difference: to the right where the model takes longer."""
    grid = _rich_table()
    for column in table.columns:
        grid.add_column(_text(column.header), justify="right" if column.number else "left", no_wrap=True)
    room = console.width - _width(table) - 2
    length = min(24, max(0, room) // 2 * 2)
    if length >= _BAR:
        grid.add_column(_text(f"{'less':>{length // 2}}{'':1}more"), no_wrap=True)
    largest = max((abs(part.difference_seconds) for part in shown), default=0.0)
    for index, row in enumerate(table.rows):
        cells = [_text(cell) for cell in row]
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
    _sentences(console, found.sentences)
    table = explain_tables.spent(found)
    _section(console, table.title)
    _table(console, table)
    _section(console, "What would save time (predicted)")
    grid = RichTable.grid(padding=(0, 2))
    for justify in ("right", "right", "left"):
        grid.add_column(justify=justify, no_wrap=justify == "right")
    for loss in found.losses:
        saved = f"{explain_tables.MINUS}{units.milliseconds(loss.saved_seconds)} ms"
        how = " (analysed again)" if loss.analysed else ""
        change = Text.assemble(
            _text(loss.what),
            (f": {units.seconds(loss.seconds)} now\n", _FAINT),
            _text(f"→ {loss.change}"),
            (how, _FAINT),
        )
        grid.add_row(_text(saved, _STRONG), _text(units.share(loss.saved_share), _FAINT), change)
    console.print(Padding(grid, (0, 0, 0, 2)))
    console.print()
    console.print(_text(losses.NOT_ADDITIVE, _FAINT))


def _sentences(console: Console, sentences: Sequence[str]) -> None:
    grid = RichTable.grid(padding=(0, 1))
    grid.add_column(no_wrap=True)
    grid.add_column(max_width=100)
    for index, sentence in enumerate(sentences):
        grid.add_row("•", _text(sentence, _STRONG if index == 0 else ""))
    console.print(Padding(grid, (0, 0, 0, 2)))


def _section(console: Console, title: str) -> None:
    console.print()
    console.print(_text(title, _HEADING))


def _table(console: Console, table: Table) -> None:
    grid = _rich_table()
    for column in table.columns:
        grid.add_column(_text(column.header), justify="right" if column.number else "left", no_wrap=True)
    for index, row in enumerate(table.rows):
        grid.add_row(*map(_text, row), end_section=index + 1 in table.sections)
    console.print(Padding(grid, (0, 0, 0, 1)))


def _width(table: Table) -> int:
    """Return the columns that a table takes up."""
    cells = [[column.header, *(row[index] for row in table.rows)] for index, column in enumerate(table.columns)]
    return 1 + sum(max(map(len, column)) + 2 for column in cells)


def _rich_table() -> RichTable:
    return RichTable(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style=_FAINT, padding=(0, 1, 0, 0))


def _text(content: str, style: str = "") -> Text:
    """Return text as it stands: no markup, and no control characters that a name could smuggle into a terminal."""
    return Text(
        "".join(char if char.isprintable() or char == "\n" else "\N{REPLACEMENT CHARACTER}" for char in content),
        style=style,
    )
