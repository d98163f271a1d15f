"""A page with the history of what was accepted: the plot and its figures, in one file."""

from __future__ import annotations

import base64
from collections.abc import Sequence

from jinja2 import Environment, PackageLoader, StrictUndefined

from memprof.gate.history import Accepted
from memprof.reports.history import figure, tables
from memprof.reports.history.tables import Metric


def render(history: Sequence[Accepted], metric: Metric) -> bytes:
    """Return the page in UTF-8; its picture is inside."""
    environment = Environment(
        loader=PackageLoader("memprof.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    page = environment.get_template("history.html").render(
        title=tables.title(metric),
        picture=base64.b64encode(figure.draw(history, metric)).decode(),
        table=tables.commits_table(history, metric),
    )
    return page.encode()
