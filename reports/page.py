"""Builds the HTML page from its templates, which escape every name in a report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import msgspec
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from memprof import findings, side_by_side, summary, units, words
from memprof.findings import Finding
from memprof.report import Report, dump_reports
from memprof.reports import captions, glossary, svg, tables, theme
from memprof.reports.tables import Fact, Table
from memprof.reports.writer import RenderOptions
from memprof.summary import Group


def breakable(path: str) -> Markup:
    """Escape a module path and let it break after its dots."""
    return Markup(".<wbr>").join(path.split("."))


_FILTERS = (
    breakable,
    units.share,
    units.milliseconds,
    units.gigaflops,
    units.gigabytes,
    units.intensity,
    units.count,
    units.shapes,
    words.operator,
    words.short_bound,
    theme.color,
    theme.bound_color,
    tables.bounds,
    summary.module_pattern,
)


@dataclass(frozen=True, slots=True)
class Section:
    """What the page says about one report."""

    label: str
    mark: str
    report: Report
    facts: tuple[Fact, ...]
    findings: tuple[Finding, ...]
    ceilings: Table
    bounds: tuple[Group, ...]
    kinds: tuple[Group, ...]
    modules: tuple[Group, ...]
    operators: tuple[Group, ...]
    phases: tuple[Group, ...]
    coverage: str


def render(reports: Sequence[Report], options: RenderOptions) -> str:
    """Return the page; `options.top` says how many operators show before a reader asks for all."""
    sections = [_section(*item) for item in zip(range(len(reports)), summary.labels(reports), reports, strict=True)]
    template = _environment().get_template("page.html")
    return template.render(
        title=side_by_side.title(reports),
        subtitle=captions.subtitle(reports),
        how_to_read=captions.HOW_TO_READ,
        x_axis=captions.X_AXIS,
        y_axis=captions.Y_AXIS,
        sections=sections,
        comparison=tables.side_by_side(reports) if len(reports) > 1 else None,
        compared=side_by_side.compare(reports),
        kinds=_kinds(sections),
        drawing=svg.draw(reports),
        width=svg.WIDTH,
        glossary=glossary.ENTRIES,
        notes=(tables.RIDGE_NOTE, tables.BOUND_NOTE),
        options=options,
        embedded=_embed(reports),
    )


def _section(index: int, label: str, report: Report) -> Section:
    return Section(
        label=label,
        mark=svg.outline(theme.mark(index), 7, 7, 5),
        report=report,
        facts=tables.totals(report),
        findings=findings.findings(report),
        ceilings=tables.ceilings(report),
        bounds=summary.by_bound(report),
        kinds=summary.by_kind(report),
        modules=summary.by_module(report),
        operators=summary.by_operator(report),
        phases=summary.by_phase(report),
        coverage=findings.coverage(report),
    )


def _kinds(sections: Sequence[Section]) -> tuple[str, ...]:
    """Return the kinds that occur in any report, longest first in the first."""
    return tuple(dict.fromkeys(group.name for section in sections for group in section.kinds))


def _embed(reports: Sequence[Report]) -> Markup:
    """Return the reports as JSON that may stand inside a script element: no character in it can end the element."""
    text = msgspec.json.format(dump_reports(reports), indent=-1)
    return Markup(text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))


@lru_cache(maxsize=1)
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("memprof.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update({function.__name__: function for function in _FILTERS})
    return environment
