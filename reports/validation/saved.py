"""Reads a validation from the JSON that was written of it."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from memprof.validation.records import Case, Measurement, Prediction, Validation
from memprof.validation.tables import Row, Table


@dataclass(frozen=True, slots=True)
class _Row:
    line: int
    source: str
    device: str
    stack: str
    layout: str
    phase: str
    model: str
    cells: tuple[str, ...]
    defect: str
    measurement: Measurement | None
    prediction: Prediction | None
    skipped_because: str | None


@dataclass(frozen=True, slots=True)
class _File:
    file: str
    columns: tuple[str, ...]
    notes: tuple[str, ...]
    rows: tuple[_Row, ...]


def read(content: bytes) -> Validation:
    """Return the validation; msgspec.DecodeError where that is none."""
    file = msgspec.json.decode(content, type=_File)
    cases = tuple(
        Case(
            Row(row.line, row.cells, row.defect),
            row.source,
            row.device,
            row.stack,
            row.layout,
            row.phase,
            row.model,
            row.measurement,
            row.prediction,
            row.skipped_because or "",
        )
        for row in file.rows
    )
    return Validation(Table(file.file, file.columns, tuple(case.row for case in cases)), cases, file.notes)
