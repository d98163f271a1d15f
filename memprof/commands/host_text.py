"""Hosts as text for a terminal: their figures side by side, then where each comes from."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from memprof.devices.hosts import FIGURES, Host
from memprof.reports.parts.typeset import finish, start

_MICROSECOND = 1e-6


def render(hosts: Sequence[Host], width: int, *, color: bool) -> str:
    """Return the figures of hosts in microseconds, and their sources and notes."""
    console = start(width, color=color)
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("Microseconds of the host for")
    for host in hosts:
        table.add_column(host.name, justify="right", no_wrap=True)
    for key, words in FIGURES.items():
        table.add_row(words, *(f"{host.figures[key].value / _MICROSECOND:.3g}" for host in hosts))
    console.print(table)
    for host in hosts:
        console.print()
        console.print(Text(f"{host.name}: {host.title}", style="bold"))
        told: dict[str, list[str]] = {}
        for key, figure in host.figures.items():
            told.setdefault(figure.source, []).append(FIGURES[key])
        for source, names in told.items():
            what = "" if len(names) == len(FIGURES) else f"{', '.join(names)}: "
            console.print(f"- {what}{source}")
        for note in host.notes:
            console.print(f"- {note}")
    return finish(console)
