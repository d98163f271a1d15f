"""A report as a notebook shows it: headline, roofline and the most expensive operators, in light and dark."""

from __future__ import annotations

from markupsafe import Markup

from memprof import findings
from memprof.comparisons import reports as side_by_side
from memprof.report.digest import Digest
from memprof.reports.page import files
from memprof.reports.report import top_table
from memprof.reports.report.write_html import environment
from memprof.reports.roofline import captions, svg
from memprof.reports.writer import RenderOptions

_LIGHT = (
    "--ink: #1f2328; --faint: #59636e; --line: #d1d9e0; --grid: #e6e8eb; --paper: #ffffff; --panel: #f6f8fa; "
    "--warn: #9a6700; --warn-paper: #fff8c5; --halo: #ffffff;"
)
_DARK = (
    "--ink: #e6edf3; --faint: #9198a1; --line: #3d444d; --grid: #21262d; --paper: #0d1117; --panel: #161b22; "
    "--warn: #d29922; --warn-paper: #2b2308; --halo: #0d1117;"
)
"""The page's colours; a notebook has its own word for being dark."""
_OPTIONS = RenderOptions(top=10)


def render(digest: Digest) -> str:
    """Return an HTML fragment that needs no script and whose style concerns nothing else in the notebook."""
    sentences = [finding.sentence for finding in findings.findings(digest)]
    fragment: str = (
        environment()
        .get_template("notebook.html")
        .render(
            title=side_by_side.title([digest]),
            subtitle=captions.subtitle([digest]),
            sentence=sentences[0] if sentences else "",
            warnings=digest.report.warnings,
            drawing=svg.draw([digest]) if digest.report.operators else None,
            width=svg.WIDTH,
            sections=[digest],
            x_axis=captions.X_AXIS,
            y_axis=captions.y_axis([digest]),
            top=top_table.top(digest, _OPTIONS, wide=False),
            notes=" ".join(top_table.notes(digest, _OPTIONS)),
            plot_style=Markup(files.text("style/roofline.css")),
            light=_LIGHT,
            dark=_DARK,
        )
    )
    return fragment
