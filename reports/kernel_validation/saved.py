"""Reads a validation of kernels from the JSON that was written of it."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from memprof.validation.kernels import KernelCase, KernelValidation
from memprof.validation.tables import Row, Table


@dataclass(frozen=True, slots=True)
class _Row:
    line: int
    operator: str
    pass_name: str | None
    dtype: str | None
    algorithm: str | None
    device: str
    input_shapes: tuple[tuple[int, ...], ...]
    measured_seconds: float | None
    predicted_seconds: float | None
    roofline_seconds: float | None
    bound: str | None
    skipped_because: str | None
    cells: tuple[str, ...]
    defect: str


@dataclass(frozen=True, slots=True)
class _File:
    file: str
    columns: tuple[str, ...]
    rows: tuple[_Row, ...]


def read(content: bytes) -> KernelValidation:
    """Return the validation; msgspec.DecodeError where that is none."""
    file = msgspec.json.decode(content, type=_File)
    cases = tuple(
        KernelCase(
            Row(row.line, row.cells, row.defect),
            row.operator,
            row.device,
            row.measured_seconds,
            row.predicted_seconds,
            row.roofline_seconds,
            row.bound or "",
            row.input_shapes,
            row.skipped_because or "",
            row.pass_name or "",
            row.dtype or "",
            row.algorithm or "",
        )
        for row in file.rows
    )
    return KernelValidation(Table(file.file, file.columns, tuple(case.row for case in cases)), cases)
