"""Writing reports into a folder, for every command that does."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from memprof import reports as writers
from memprof.files import write_files
from memprof.report import Report


def write_reports(
    found: Sequence[Report], folder: Path, formats: Sequence[str], options: writers.RenderOptions
) -> list[Path]:
    """Render reports in every format, then write the files `report.EXTENSION`, all or none; return their paths."""
    chosen = [writers.get(name) for name in formats]
    return write_files(folder, {f"report.{writer.extension}": writer.render(found, options) for writer in chosen})
