"""Where HTML comes from: templates that escape every name, and show in it what a browser would obey unseen."""

from __future__ import annotations

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from memprof.reports.parts.harmless import show_hidden


def environment() -> Environment:
    """Return where the templates of pages are."""
    return Environment(
        loader=PackageLoader("memprof.reports"),
        autoescape=True,
        finalize=_shown,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _shown(value: object) -> object:
    """Return what stands in a page for a value; markup is a template's own, whose values were seen to already."""
    return show_hidden(value) if isinstance(value, str) and not isinstance(value, Markup) else value
