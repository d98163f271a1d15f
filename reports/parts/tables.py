"""What documents are made of: tables of text cells and single facts; each writer only lays them out."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its header, and how its cells are shown.

    Those of a `number` are aligned right, a `path` is shortened where needed, and what `wraps` goes on in a new line.
    """

    header: str
    number: bool = True
    path: bool = False
    wraps: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """Cells by row; `sections` holds the indices of the rows that begin a new section."""

    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    sections: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Fact:
    """One total: what it is called, its value, and a remark on how to read it."""

    name: str
    value: str
    remark: str = ""
