"""The JSON writer of a history.

Schema: memprof.history/1, its first: the figure to show by its name, and what was accepted, commit by commit.
"""

from __future__ import annotations

from memprof.report.json_text import indented_json
from memprof.reports.history import History
from memprof.reports.writer import RenderOptions

EXTENSION = "json"
SCHEMA = "memprof.history/1"


def render(history: History, options: RenderOptions) -> bytes:
    """Return the history as indented JSON in UTF-8."""
    return indented_json({"schema": SCHEMA, "metric": history.metric.name, "accepted": list(history.accepted)})
