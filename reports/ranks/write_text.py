"""The text writer of ranks: what a terminal shows below the report."""

from __future__ import annotations

from collections.abc import Sequence

from memprof import units
from memprof.comparisons.ranks import Rank, spreads
from memprof.reports.parts import typeset
from memprof.reports.parts.tables import Column, Table
from memprof.reports.writer import RenderOptions

EXTENSION = "txt"


def render(ranks: Sequence[Rank], options: RenderOptions) -> bytes:
    """Return text in UTF-8: a table of the ranks, and how far they lie apart."""
    console = typeset.start(options.width, color=options.color)
    typeset.section(console, "By rank, ms per step")
    typeset.table(console, _by_rank(ranks))
    typeset.section(console, "How far the ranks lie apart, ms per step")
    typeset.table(console, _spread(ranks))
    typeset.note(console, "Exposed: communication that nothing else ran beside. Idle: the device ran nothing.")
    return typeset.finish(console).encode()


def _by_rank(ranks: Sequence[Rank]) -> Table:
    headers = ("span", "kernels", "communication", "exposed", "idle")
    rows = [
        (
            str(rank.rank) if rank.rank is not None else "–",
            rank.origin,
            str(rank.steps),
            *(
                units.milliseconds(seconds / rank.steps)
                for seconds in (
                    rank.span_seconds,
                    rank.kernel_seconds,
                    rank.communication_seconds,
                    rank.exposed_communication_seconds,
                    rank.idle_seconds,
                )
            ),
        )
        for rank in ranks
    ]
    columns = (Column("rank"), Column("file", number=False), Column("steps"), *map(Column, headers))
    return Table("Ranks", columns, tuple(rows))


def _spread(ranks: Sequence[Rank]) -> Table:
    rows = [
        (
            item.name,
            *(units.milliseconds(value) for value in (item.least, item.median, item.most)),
            units.ratio(item.most / item.least) if item.least else "–",
            ranks[item.slowest].origin,
        )
        for item in spreads(ranks)
    ]
    columns = (
        Column("", number=False),
        Column("least"),
        Column("median"),
        Column("most"),
        Column("most / least"),
        Column("most on", number=False),
    )
    return Table("Spread", columns, tuple(rows))
