"""The network in a terminal as a tree of modules, in the order of a step, with the time that each takes."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console

from memprof import units
from memprof.report.digest import Digest
from memprof.report.groups import module_at
from memprof.report.record import OperatorRow
from memprof.reports.parts import cells, typeset
from memprof.reports.parts.eliding import elide_middle
from memprof.reports.parts.tables import Column, Table

_BAR = 12
"""Columns of the bar of a module that takes all the time."""
_FIGURES, _BOUND = 42, 16
"""Columns that the figures beside a name take, and what binds."""
_LEAST_NAME, _MOST_NAME = 16, 48


def print_tree(console: Console, digest: Digest, depth: int) -> None:
    """Print the modules down to a depth, each below the one that it is in."""
    longest = max(_LEAST_NAME, min(_MOST_NAME, console.width - _FIGURES - _BOUND - _BAR))
    typeset.whole_table(console, table(digest, depth, longest))


def table(digest: Digest, depth: int, longest: int = _MOST_NAME) -> Table:
    """Return a row for each module down to a depth; names, indented, have at most `longest` letters."""
    rows = []
    for path, members in _modules(digest, depth):
        group = digest.sum_rows(members)
        indent = 2 * (len(path) - 1)
        rows.append(
            (
                " " * indent + elide_middle(path[-1], max(4, longest - indent)),
                units.milliseconds(group.time_seconds),
                cells.time_share(group),
                "█" * round(_BAR * group.time_share),
                cells.flops_share(group),
                cells.bounds(group, digest.device.family),
            )
        )
    columns = (
        Column("Module", number=False),
        Column("ms"),
        Column("time"),
        Column("", number=False),
        Column("FLOPs"),
        Column("bound by", number=False),
    )
    return Table("By module", columns, tuple(rows))


def _modules(digest: Digest, depth: int) -> list[tuple[tuple[str, ...], Sequence[OperatorRow]]]:
    """Return each module's path with all rows in it, in the order in which a step first comes to it."""
    members: dict[tuple[str, ...], list[OperatorRow]] = {}
    for row in digest.report.operators:
        path = tuple(module_at(row, depth).split("."))
        for end in range(1, len(path) + 1):
            members.setdefault(path[:end], []).append(row)
    order = {path: place for place, path in enumerate(members)}
    return sorted(members.items(), key=lambda item: [order[item[0][:end]] for end in range(1, len(item[0]) + 1)])
