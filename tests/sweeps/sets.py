"""Sets of rows made by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from memprof.sweeps.folder import Manifest, open_folder
from memprof.sweeps.record import SCHEMA, Row
from memprof.sweeps.table import to_parquet


def row(model: str, device: str, batch_size: int, seconds: float | None, **others: Any) -> Row:
    """Return a row of a step of `seconds`, or one that failed."""
    known: dict[str, Any] = {"precision": "tf32", "resolution": 224, "phase": "infer", "layout": "channels-last"}
    known |= (
        {"failed_because": "no figure"}
        if seconds is None
        else {"images_per_second": batch_size / seconds, "seconds": seconds, "peak_bytes": 1e9 * batch_size}
    )
    return Row(model, device, batch_size=batch_size, **{**known, "stack": "", **others})


def write(path: Path, parts: list[list[Row]], expected: int | None = None) -> None:
    """Write a set of `expected` parts, by default those given."""
    with open_folder(path, Manifest(SCHEMA, {"memprof": "1"}, {}, expected or len(parts))) as folder:
        for index, rows in enumerate(parts):
            folder.write(index, to_parquet(rows, Row, SCHEMA))
