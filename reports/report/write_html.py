"""The HTML writer: one page that needs nothing but itself, from templates which escape every name in a report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import msgspec
from jinja2 import Environment
from markupsafe import Markup

from memprof import findings, units, words
from memprof.comparisons import reports as side_by_side
from memprof.findings import Finding, reached
from memprof.report.digest import Digest
from memprof.report.groups import Group, module_pattern, share
from memprof.report.reading import dump_reports
from memprof.reports.parts import cells, pages, theme
from memprof.reports.parts.harmless import json_escapes, show_hidden
from memprof.reports.parts.tables import Fact, Table
from memprof.reports.report import facts, glossary, measured_tables, tables, top_table
from memprof.reports.roofline import captions, svg
from memprof.reports.writer import RenderOptions

EXTENSION = "html"


def breakable(path: str) -> Markup:
    """Escape a module path and let it break after its dots."""
    return Markup(".<wbr>").join(show_hidden(path).split("."))


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
    words.drop_phase,
    theme.color,
    theme.bound_color,
    cells.bounds,
    cells.bound_name,
    cells.least_milliseconds,
    cells.lost_milliseconds,
    cells.roof_share,
    top_table.marked,
    module_pattern,
)


@dataclass(frozen=True, slots=True)
class Section:
    """What the page says about one report."""

    digest: Digest
    mark: str
    throttled: str
    origin: str
    facts: tuple[Fact, ...]
    findings: tuple[Finding, ...]
    ceilings: Table
    bounds: tuple[Group, ...]
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


def render(digests: Sequence[Digest], options: RenderOptions) -> bytes:
    """Return the page in UTF-8 with the reports' JSON inside, so that it can be rendered again.

    `options.top` says how many operators show before a reader asks for all.
    """
    sections = [_section(index, digest, options) for index, digest in enumerate(digests)]
    template = _environment().get_template("page.html")
    page = template.render(
        title=side_by_side.title(digests),
        subtitle=captions.subtitle(digests),
        how_to_read=captions.reading_guide(digests),
        x_axis=captions.X_AXIS,
        y_axis=captions.y_axis(digests),
        measured=any(digest.is_measured for digest in digests),
        sections=sections,
        comparison=tables.side_by_side(digests) if len(digests) > 1 else None,
        compared=side_by_side.compare(digests),
        kinds=_kinds(sections),
        no_plot="" if any(digest.report.operators for digest in digests) else captions.NO_PLOT,
        drawing=svg.draw(digests),
        width=svg.WIDTH,
        glossary=glossary.entries(digests),
        options=options,
        embedded=_embed(digests),
    )
    return page.encode()


def _section(index: int, digest: Digest, options: RenderOptions) -> Section:
    is_other = options.by in ("phase", "shape")  # the page has the others anyway
    top = top_table.top(digest, options) if is_other else None
    return Section(
        digest=digest,
        mark=svg.outline(theme.mark(index), 7, 7, 5),
        throttled=reached.throttling(digest),
        origin=measured_tables.origin(digest),
        facts=facts.totals(digest),
        findings=findings.findings(digest),
        ceilings=tables.ceilings(digest),
        bounds=tuple(group for group in digest.bounds if group.time_share or digest.report.measured is None),
        coverage=findings.coverage(digest),
        notes=(tables.ridge_note(digest), tables.bound_note(digest)),
        top=top,
        top_notes=top_table.notes(digest, options) if top else (),
        run=_run(digest, options) if digest.is_measured else None,
    )


def _run(digest: Digest, options: RenderOptions) -> Run:
    time = digest.device_time
    parts = time.parts if time and time.span_seconds else ()
    device = measured_tables.device_time(digest), measured_tables.gaps(digest), measured_tables.strays(digest)
    details = (
        measured_tables.traffic(digest, options.top),
        measured_tables.kernels(digest, options.top),
        measured_tables.telemetry(digest),
    )
    return Run(
        strip=tuple(
            (name, share(seconds, time.span_seconds if time else 0.0), color)
            for (name, seconds), color in zip(parts, theme.DEVICE_COLORS, strict=False)
            if seconds > 0
        ),
        device=tuple(table for table in device if table),
        details=tuple(table for table in details if table),
        timing=measured_tables.timing(digest),
        notes=measured_tables.telemetry_notes(digest),
    )


def _kinds(sections: Sequence[Section]) -> tuple[str, ...]:
    """Return the kinds that occur in any report, longest first in the first."""
    return tuple(dict.fromkeys(group.name for section in sections for group in section.digest.kinds))


def _embed(digests: Sequence[Digest]) -> Markup:
    """Return the reports as JSON that may stand inside a script element: no character in it can end the element."""
    text = msgspec.json.format(dump_reports([digest.report for digest in digests]), indent=-1)
    return Markup(json_escapes(text).replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))


@lru_cache(maxsize=1)
def _environment() -> Environment:
    environment = pages.environment()
    environment.filters.update({function.__name__: function for function in _FILTERS})
    return environment
