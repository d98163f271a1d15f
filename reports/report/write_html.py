"""The HTML writer: one page that needs nothing but itself, from templates which escape every name in a report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import msgspec
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from memprof import units, words
from memprof.comparisons import reports as side_by_side
from memprof.findings import binding as findings
from memprof.findings import lost
from memprof.findings.binding import Finding
from memprof.report import digest, groups
from memprof.report.groups import Group
from memprof.report.record import Report, dump_reports
from memprof.reports.parts import cells, theme
from memprof.reports.parts.tables import Fact, Table
from memprof.reports.report import facts, glossary, measured_tables, tables, top_table
from memprof.reports.roofline import captions, svg
from memprof.reports.writer import RenderOptions

EXTENSION = "html"


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
    units.flops_per_second,
    units.bytes_per_second,
    words.operator,
    words.without_phase,
    theme.color,
    theme.bound_color,
    cells.bounds,
    cells.bound_name,
    cells.least_milliseconds,
    cells.lost_milliseconds,
    cells.roof_share,
    top_table.marked,
    groups.module_pattern,
)


@dataclass(frozen=True, slots=True)
class Section:
    """What the page says about one report."""

    label: str
    mark: str
    report: Report
    time_name: str
    predicts: bool
    throttled: str
    origin: str
    facts: tuple[Fact, ...]
    findings: tuple[Finding, ...]
    ceilings: Table
    bounds: tuple[Group, ...]
    kinds: tuple[Group, ...]
    modules: tuple[Group, ...]
    operators: tuple[Group, ...]
    phases: tuple[Group, ...]
    coverage: str
    notes: tuple[str, ...]
    top: Table | None
    top_notes: tuple[str, ...]
    run: Run | None


@dataclass(frozen=True, slots=True)
class Run:
    """What the page says about the run that was measured; `strip` holds parts of the device's time, with colours."""

    strip: tuple[tuple[str, float, str], ...]
    device: tuple[Table, ...]
    details: tuple[Table, ...]
    timing: tuple[Fact, ...]
    notes: tuple[str, ...]


def render(reports: Sequence[Report], options: RenderOptions) -> bytes:
    """Return the page in UTF-8 with the reports' JSON inside, so that it can be rendered again.

    `options.top` says how many operators show before a reader asks for all.
    """
    labelled = zip(range(len(reports)), groups.labels(reports), reports, strict=True)
    sections = [_section(*item, options) for item in labelled]
    template = _environment().get_template("page.html")
    page = template.render(
        title=side_by_side.title(reports),
        subtitle=captions.subtitle(reports),
        how_to_read=captions.how_to_read(reports),
        x_axis=captions.X_AXIS,
        y_axis=captions.y_axis(reports),
        measured=any(map(groups.is_measured, reports)),
        sections=sections,
        comparison=tables.side_by_side(reports) if len(reports) > 1 else None,
        compared=side_by_side.compare(reports),
        kinds=_kinds(sections),
        drawing=svg.draw(reports),
        width=svg.WIDTH,
        glossary=glossary.entries(reports),
        options=options,
        embedded=_embed(reports),
    )
    return page.encode()


def _section(index: int, label: str, report: Report, options: RenderOptions) -> Section:
    is_other = options.by in ("phase", "shape")  # the page has the others anyway
    top = top_table.top(report, options) if is_other else None
    return Section(
        label=label,
        mark=svg.outline(theme.mark(index), 7, 7, 5),
        report=report,
        time_name=groups.time_name(report),
        predicts=digest.predicts(report),
        throttled=lost.throttled(report),
        origin=measured_tables.origin(report),
        facts=facts.totals(report),
        findings=findings.findings(report),
        ceilings=tables.ceilings(report),
        bounds=tuple(group for group in groups.by_bound(report) if group.time_share or report.measured is None),
        kinds=groups.by_kind(report),
        modules=groups.by_module(report),
        operators=groups.by_operator(report),
        phases=groups.by_phase(report),
        coverage=findings.coverage(report),
        notes=(tables.ridge_note(report), tables.bound_note(report)),
        top=top,
        top_notes=top_table.notes(report, options) if top else (),
        run=_run(report, options) if groups.is_measured(report) else None,
    )


def _run(report: Report, options: RenderOptions) -> Run:
    time = report.measured.device_time if report.measured else None
    parts = digest.partition(time) if time and time.span_seconds else ()
    device = measured_tables.device_time(report), measured_tables.gaps(report), measured_tables.strays(report)
    details = (
        measured_tables.traffic(report, options.top),
        measured_tables.kernels(report, options.top),
        measured_tables.telemetry(report),
    )
    return Run(
        strip=tuple(
            (name, groups.share(seconds, time.span_seconds if time else 0.0), color)
            for (name, seconds), color in zip(parts, theme.DEVICE_COLORS, strict=False)
            if seconds > 0
        ),
        device=tuple(table for table in device if table),
        details=tuple(table for table in details if table),
        timing=measured_tables.timing(report),
        notes=measured_tables.telemetry_notes(report),
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
