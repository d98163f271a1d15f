"""A document of titles, sentences and tables, to be laid out in any format."""

from __future__ import annotations

from dataclasses import dataclass

from memprof.reports.parts.tables import Table


@dataclass(frozen=True, slots=True)
class Section:
    """A table with notes below it."""

    table: Table
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Document:
    """A title, what is to be said first, and sections; a section without rows is left out by whoever makes one."""

    title: str
    sentences: tuple[str, ...]
    sections: tuple[Section, ...]
