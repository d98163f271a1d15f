"""A page with the history of what was accepted: the plot and its figures, in one file."""

from __future__ import annotations

import base64

from memprof.reports.history import WRITERS, History, tables
from memprof.reports.page.frame import frame
from memprof.reports.parts.pages import environment
from memprof.reports.writer import RenderOptions

EXTENSION = "html"


def render(history: History, options: RenderOptions) -> bytes:
    """Return the page in UTF-8; its picture is inside."""
    accepted, metric = history.accepted, history.metric
    page = (
        environment()
        .get_template("history.html")
        .render(
            frame=frame(),
            title=tables.title(metric),
            picture=base64.b64encode(WRITERS.render(history, "png", options)).decode(),
            table=tables.commits_table(accepted, metric),
        )
    )
    return page.encode()
