"""Writers: each turns reports into the content of one file, and opens none.

A writer declares its own name and extension. Importing this package loads no plotting, table or template library; a
writer does so when it renders.
"""

from __future__ import annotations

from memprof.errors import OutputError, did_you_mean
from memprof.reports.report.csv import CsvWriter
from memprof.reports.report.html import HtmlWriter
from memprof.reports.report.json import JsonWriter
from memprof.reports.report.markdown import MarkdownWriter
from memprof.reports.report.png import PngWriter
from memprof.reports.report.text import TextWriter
from memprof.reports.writer import RenderOptions, Writer

__all__ = ["NAMES", "RenderOptions", "Writer", "get"]

_WRITERS: dict[str, Writer] = {
    writer.name: writer
    for writer in (HtmlWriter(), PngWriter(), JsonWriter(), CsvWriter(), MarkdownWriter(), TextWriter())
}
NAMES = tuple(_WRITERS)
"""The formats that can be written."""


def get(name: str) -> Writer:
    """Return the writer called `name`; OutputError names the nearest ones where there is none."""
    if name not in _WRITERS:
        raise OutputError(f"unknown format {name!r}", did_you_mean(name, NAMES))
    return _WRITERS[name]
