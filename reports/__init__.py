"""Writers: each turns a document into the content of one file, and opens none.

A folder holds the writers of one document; this package offers those of reports. Importing it loads no plotting, table
or template library; a writer does so when it renders.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from memprof.reports.report import WRITERS
from memprof.reports.writer import Format, RenderOptions

if TYPE_CHECKING:
    from memprof.report.digest import Digest
    from memprof.report.record import Report

__all__ = ["NAMES", "RenderOptions", "get"]

NAMES = WRITERS.names
"""The formats that a report can be written in."""


def get(name: str) -> Format[Sequence[Report | Digest]]:
    """Return the format called `name`; OutputError names the nearest ones where there is none."""
    return WRITERS.get(name)
